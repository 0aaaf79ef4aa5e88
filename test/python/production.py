"""examples/production.ts in Python: every part of the library, by way of jsii."""
from cdk8s import App, Chart, Size
from cdk8s_plus_28 import ContainerResources, Cpu, CpuResources, MemoryResources
from cdk8s_postgres import (
    AlertLimits, BackupOptions, BackupSchedule, InstanceOptions, MetricsOptions, NetworkOptions, NetworkPeer, PgBackRestRepo,
    PodAntiAffinity, PoolerOptions, PoolMode, PostgresCluster, PostgresVersion, RetentionOptions, RetentionType, S3UriStyle, SecretKeyOptions,
    StorageOptions, TablespaceOptions,
)


def limited(cpu: Cpu, memory: Size) -> ContainerResources:
    return ContainerResources(cpu=CpuResources(request=cpu, limit=Cpu.units(4)), memory=MemoryResources(request=memory, limit=memory))


app = App()
chart = Chart(app, "production")
orders = PostgresCluster(
    chart, "orders",
    version=PostgresVersion.V17,
    instance_list=[InstanceOptions(name=name, zone=zone) for name, zone in {"1": "a", "2": "b", "3": "c"}.items()],
    pod_anti_affinity=PodAntiAffinity.REQUIRED,
    storage=StorageOptions(size=Size.gibibytes(100)),
    wal_storage=StorageOptions(size=Size.gibibytes(20)),
    tablespaces=[TablespaceOptions(name="history", storage=StorageOptions(size=Size.gibibytes(500)))],
    resources=limited(Cpu.millis(500), Size.gibibytes(1)),
    parameters={"shared_buffers": "256MB", "max_wal_size": "4GB", "log_min_duration_statement": "1s"},
    backups=BackupOptions(
        repos=[
            PgBackRestRepo.posix(storage=StorageOptions(size=Size.gibibytes(300)), retention=RetentionOptions(full=2)),
            PgBackRestRepo.s3(
                endpoint="s3.example.com",
                region="us-east-1",
                bucket="backups",
                path="/orders",
                uri_style=S3UriStyle.PATH,
                credentials_secret="s3-access",
                certificate_authority=SecretKeyOptions(secret_name="s3-access", key="ca.crt"),
                passphrase=SecretKeyOptions(secret_name="s3-access", key="passphrase"),
                retention=RetentionOptions(full=90, full_type=RetentionType.TIME),
            ),
        ],
        schedules=[
            BackupSchedule.full("0 1 * * 0"),
            BackupSchedule.incremental("0 1 * * 1-6"),
            BackupSchedule.full("0 3 1 * *", repo=2),
            BackupSchedule.differential("0 3 * * 1", repo=2),
        ],
        resources=limited(Cpu.millis(100), Size.mebibytes(512)),
    ),
    pooler=PoolerOptions(mode=PoolMode.TRANSACTION, pool_size=30, max_client_connections=2000, resources=limited(Cpu.millis(100), Size.mebibytes(256))),
    metrics=MetricsOptions(
        pod_monitor=True, alerts=AlertLimits(), dashboard=True, resources=limited(Cpu.millis(50), Size.mebibytes(128)), labels={"release": "prometheus"},
    ),
    network=NetworkOptions(clients=[NetworkPeer.same_namespace()]),
    labels={"team": "shop"},
)
orders.connections.allow_from(NetworkPeer.namespace("reports"))
app.synth()
