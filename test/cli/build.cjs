/** The program as it is published: what the tests of whole verbs run. */
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

module.exports = () => {
  execFileSync(process.execPath, ['src/cli/build.mjs'], { cwd: join(__dirname, '../..'), stdio: ['ignore', 'ignore', 'inherit'] });
};
