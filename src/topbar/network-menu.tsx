/** Which network is open: shipped ones, untrained ones to look at, or a file. */
import type { NetworkSource } from '../../workers/protocol';
import { networkAccept } from '../studio/files';
import { actions, useStudio } from '../studio/store';
import { pickFiles } from '../ui/file-picker';
import { formatAccuracy, formatCount } from '../ui/format';
import { Menu, MenuEntry, MenuGroup } from '../ui/menu';

type Architecture = Extract<NetworkSource, { source: 'zoo' }>['architecture'];

/** To see how other families hang together: random weights, so every accuracy is chance. */
const untrained: readonly { readonly architecture: Architecture; readonly title: string }[] = [
  { architecture: 'resnet8', title: 'ResNet-8' },
  { architecture: 'resnet20', title: 'ResNet-20' },
  { architecture: 'resnet56', title: 'ResNet-56' },
  { architecture: 'vgg16', title: 'VGG-16 with batch norm' },
  { architecture: 'densenet40', title: 'DenseNet-40' },
  { architecture: 'mobilenetv2', title: 'MobileNetV2' },
];

type Gated = Extract<NetworkSource, { source: 'gated' }>;

/** Networks that look again, and the deepest that looks once. Small enough to be trained in the page. */
const gated: readonly (Gated & { readonly id: string; readonly title: string; readonly detail: string })[] = [
  {
    id: 'dignet',
    title: 'DIGNet, 3 looks',
    detail: 'Feedback comes down in a cascade and gates every stage of the next look.',
    source: 'gated',
    backbone: 'shallow',
    routing: 'cascade',
    passes: 3,
  },
  {
    id: 'rignet',
    title: 'RIGNet, 3 looks',
    detail: 'The top of one look gates every stage of the next.',
    source: 'gated',
    backbone: 'shallow',
    routing: 'top',
    passes: 3,
  },
  {
    id: 'feed-forward-deeper',
    title: 'Feed-forward, deeper',
    detail: 'Nine convolutions that look once: what the others are measured against.',
    source: 'gated',
    backbone: 'deeper',
  },
];

export function NetworkMenu() {
  const view = useStudio(({ network }) => network?.view ?? null);
  const shipped = useStudio(({ engine }) => engine.shipped);
  const canTell = useStudio(({ understanding }) => understanding !== null);
  const source = view?.source;
  return (
    <Menu label="Networks" button={view?.meta.name ?? 'no network'}>
      {shipped.length === 0 ? null : (
        <MenuGroup title="Built in, trained">
          {shipped.map(({ id, title, macs, parameters, accuracy }) => (
            <MenuEntry
              key={id}
              id={id}
              title={title}
              figure={`${formatCount(macs)}, ${formatCount(parameters)}`}
              detail={`${formatAccuracy(accuracy)} on the test set`}
              checked={source?.source === 'shipped' && source.id === id}
              onAction={() => void actions.openNetwork({ source: 'shipped', id })}
            />
          ))}
        </MenuGroup>
      )}
      <MenuGroup title="Looks again, untrained: train it here">
        {gated.map(({ id, title, detail, ...options }) => (
          <MenuEntry
            key={id}
            id={id}
            title={title}
            detail={detail}
            checked={JSON.stringify(source) === JSON.stringify(options)}
            onAction={() => void actions.openNetwork(options)}
          />
        ))}
      </MenuGroup>
      <MenuGroup title="Untrained, to look at">
        {untrained.map(({ architecture, title }) => (
          <MenuEntry
            key={architecture}
            id={architecture}
            title={title}
            checked={source?.source === 'zoo' && source.architecture === architecture}
            onAction={() => void actions.openNetwork({ source: 'zoo', architecture })}
          />
        ))}
      </MenuGroup>
      {canTell ? (
        <MenuEntry id="understood" title="What was understood of it" onAction={() => actions.showUnderstood(true)} />
      ) : null}
      <MenuEntry
        id="file"
        dashed
        title="Open a file…"
        detail="ONNX, Keras, TF.js, PyTorch, safetensors, Espalier; or drop it anywhere on the page"
        onAction={() => {
          void pickFiles({ accept: networkAccept }).then((files) => actions.openFiles(files));
        }}
      />
    </Menu>
  );
}
