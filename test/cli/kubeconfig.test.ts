import { Program } from './program';

test('a kubeconfig that cannot be read is named', async () => {
  const { code, stderr } = await new Program(['status', '--kubeconfig', '/nowhere/config']).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: the kubeconfig \/nowhere\/config cannot be read: ENOENT/);
});
