import { candidateTable } from '../../src/cli/candidate-table';

test('who could take over and who could not stand one below the other, with the reason', () => {
  const position = { timeline: 3, lsn: '0/5000000', history: [] };
  expect(candidateTable([
    { instance: '2', position, lagBytes: 0, eligible: true, why: null },
    { instance: '3', position: null, lagBytes: null, eligible: false, why: 'it does not answer' },
  ])).toBe([
    'INSTANCE  ELIGIBLE  TIMELINE  LSN        LAG  WHY NOT',
    '2         yes       3         0/5000000  0 B  -',
    '3         no        -         -          -    it does not answer',
  ].join('\n'));
});
