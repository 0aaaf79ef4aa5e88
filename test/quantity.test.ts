import { Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { cpuQuantity, sizeQuantity } from '../src/quantity';

test.each([
  [Size.gibibytes(10), '10Gi'], [Size.mebibytes(2048), '2Gi'], [Size.mebibytes(1536), '1536Mi'], [Size.gibibytes(1.5), '1536Mi'],
  [Size.tebibytes(1), '1Ti'], [Size.kibibytes(1), '1Ki'], [Size.pebibyte(2048), '2048Pi'], [Size.mebibytes(0.0001), '1Ki'],
])('a size is written as the API server writes it back (%#)', (size, written) => {
  expect(sizeQuantity(size).value).toBe(written);
});

test.each([
  [Cpu.millis(250), '250m'], [Cpu.millis(1000), '1'], [Cpu.millis(1500), '1500m'], [Cpu.units(2), '2'], [Cpu.units(0.5), '500m'],
])('an amount of CPU is written as the API server writes it back (%#)', (cpu, written) => {
  expect(cpuQuantity(cpu).value).toBe(written);
});
