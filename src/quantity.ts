import { Size, SizeRoundingBehavior } from 'cdk8s';
import { Cpu, k8s } from 'cdk8s-plus-28';

/**
 * Quantities as the API server writes them back, so that no diff ever shows `1024Mi` against `1Gi`.
 */

const BINARY_SUFFIXES = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** Whole kibibytes, rounded up: nobody gets less than asked for. */
export function kibibytes(size: Size): number {
  return Math.ceil(size.toKibibytes({ rounding: SizeRoundingBehavior.NONE }));
}

export function sizeQuantity(size: Size): k8s.Quantity {
  let amount = kibibytes(size);
  let suffix = 0;
  while (amount !== 0 && amount % 1024 === 0 && suffix < BINARY_SUFFIXES.length - 1) {
    amount /= 1024;
    suffix += 1;
  }
  return k8s.Quantity.fromString(`${amount}${BINARY_SUFFIXES[suffix]}`);
}

export function cpuQuantity(cpu: Cpu): k8s.Quantity {
  const millis = cpu.amount.endsWith('m') ? Number(cpu.amount.slice(0, -1)) : Math.ceil(Number(cpu.amount) * 1000);
  return k8s.Quantity.fromString(millis % 1000 === 0 ? `${millis / 1000}` : `${millis}m`);
}
