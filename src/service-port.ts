import { k8s } from 'cdk8s-plus-28';

/** A port of a Service and of the pods behind it. */
export function servicePort(name: string, number: number): k8s.ServicePort {
  return { name, port: number, targetPort: k8s.IntOrString.fromNumber(number), protocol: 'TCP' };
}
