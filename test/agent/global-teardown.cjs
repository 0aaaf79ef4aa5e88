const { rmSync } = require('node:fs');

module.exports = () => rmSync(process.env.CDK8S_POSTGRES_TEST_DIR, { recursive: true, force: true });
