from cdk8s import App, Chart, Size
from cdk8s_postgres import PostgresCluster, PostgresVersion, StorageOptions

app = App()
chart = Chart(app, "minimal")
PostgresCluster(
    chart, "orders",
    version=PostgresVersion.V17,
    storage=StorageOptions(size=Size.gibibytes(10)),
)
app.synth()
