import { render } from './synth/render';

const images = (props: Parameters<typeof render>[0] = {}) => ({ postgres: render(props).container().image, agent: render(props).container('agent').image });

afterEach(() => {
  for (const name of Object.keys(process.env).filter((key) => key.startsWith('RELATED_IMAGE_'))) delete process.env[name];
});

test('RELATED_IMAGE_* name the images that the program does not, those of its own major only', () => {
  const before = images();
  process.env.RELATED_IMAGE_POSTGRES_16 = 'mirror.example.com/postgres:16';
  expect(images()).toEqual(before);
  process.env.RELATED_IMAGE_POSTGRES_17 = 'mirror.example.com/postgres:17';
  process.env.RELATED_IMAGE_AGENT = 'mirror.example.com/agent:1';
  expect(images()).toEqual({ postgres: 'mirror.example.com/postgres:17', agent: 'mirror.example.com/agent:1' });
  expect(images({ images: { postgres: 'mine:17' } })).toEqual({ postgres: 'mine:17', agent: 'mirror.example.com/agent:1' });
});
