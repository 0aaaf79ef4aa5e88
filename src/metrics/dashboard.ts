import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { IPostgresCluster } from '../cluster-reference';
import { clusterLabels, orNothing } from '../labels';
import { ClusterNames } from '../naming';
import { Panel, panels } from './dashboard-panels';
import { selectorOf } from './series';

/** Properties of `PostgresDashboard`. */
export interface PostgresDashboardProps {
  /** The cluster that is shown: one with metrics. */
  readonly cluster: IPostgresCluster;

  /**
   * Labels of the ConfigMap. The one by which Grafana's sidecar finds dashboards, `grafana_dashboard: "1"`, is there unless another value is given.
   *
   * @default - `grafana_dashboard`
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the ConfigMap, such as the one that names Grafana's folder.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

const COLUMNS = 24;
const HEIGHT = { stat: 4, timeseries: 8 };
/** Chosen by whoever looks at it. */
const SOURCE = { type: 'prometheus', uid: '$source' };

/**
 * A dashboard for Grafana, in a ConfigMap as Grafana's sidecar reads it: who leads, how far the others are, what PostgreSQL is busy with, and how
 * full its volumes are.
 */
export class PostgresDashboard extends Construct {
  constructor(scope: Construct, id: string, props: PostgresDashboardProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    const { dashboard } = new ClusterNames(clusterName);
    new ApiObject(this, 'Resource', k8s.KubeConfigMap.manifest({
      metadata: { name: dashboard, labels: clusterLabels(clusterName, { grafana_dashboard: '1', ...props.labels }), annotations: orNothing(props.annotations) },
      data: { [`${dashboard}.json`]: `${JSON.stringify(document(props.cluster), null, 1)}\n` },
    }));
  }
}

/** https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
function document(cluster: IPostgresCluster): object {
  const { clusterName } = cluster;
  return {
    title: `PostgreSQL ${clusterName}`,
    tags: ['postgresql'],
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [{ name: 'source', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels: laidOut(panels(selectorOf(cluster))),
  };
}

/** From left to right, and on with the next row when one is full. */
function laidOut(all: Panel[]): object[] {
  let x = 0;
  let y = 0;
  return all.map(({ title, type, unit, width, queries }, index) => {
    const gridPos = { x, y, w: width, h: HEIGHT[type] };
    x += width;
    if (x + width > COLUMNS) {
      x = 0;
      y += HEIGHT[type];
    }
    return {
      id: index + 1,
      title,
      type,
      gridPos,
      datasource: SOURCE,
      fieldConfig: { defaults: { unit }, overrides: [] },
      ...type === 'stat' && { options: { textMode: title === 'Primary' || title === 'Problems' ? 'name' : 'value' } },
      targets: queries.map(({ expr, legend }, query) => ({ refId: String.fromCharCode('A'.charCodeAt(0) + query), datasource: SOURCE, expr, legendFormat: legend })),
    };
  });
}
