/** Which images and labels are open. */
import { dataAccept } from '../studio/files';
import { actions, useStudio } from '../studio/store';
import { pickFiles } from '../ui/file-picker';
import { formatInteger } from '../ui/format';
import { Menu, MenuEntry, MenuGroup } from '../ui/menu';

/** CIFAR-10 as parquet on a hub that lets other sites read it. */
const cifarHub = 'https://huggingface.co/datasets/uoft-cs/cifar10';

const cueRodSizes = [32, 64] as const;

export function DataMenu() {
  const dataset = useStudio((state) => state.dataset);
  const open = dataset?.source.source;
  return (
    <Menu label="Data" button={dataset?.name ?? 'no data'}>
      <MenuGroup title="Ready">
        <MenuEntry
          id="shapes10"
          title="Shapes-10"
          figure="made on the fly"
          detail="ten classes of procedural 32 × 32 shapes"
          checked={open === 'shapes10'}
          onAction={() => void actions.openDataset({ source: 'shapes10' })}
        />
        {cueRodSizes.map((size) => (
          <MenuEntry
            key={size}
            id={`cuerods${size}`}
            title={`Cue rods ${size} × ${size}`}
            figure="made on the fly"
            detail="for segmentation: rods whose class shows at one spot only"
            checked={dataset?.source.source === 'cuerods' && (dataset.source.size ?? 32) === size}
            onAction={() => void actions.openDataset({ source: 'cuerods', size })}
          />
        ))}
      </MenuGroup>
      {dataset === null || open === 'shapes10' || open === 'cuerods' ? null : (
        <MenuGroup title="Open now">
          <MenuEntry
            id="present"
            title={dataset.name}
            figure={`${formatInteger(dataset.counts.train)} images to train on`}
            checked
            disabled
          />
        </MenuGroup>
      )}
      <MenuGroup title="Needs a download">
        <MenuEntry
          id="cifar10"
          title="CIFAR-10"
          figure="Download 144 MB"
          detail="once, then kept in this browser; or drop the official archive"
          checked={open === 'hub'}
          onAction={() => void actions.openDataset({ source: 'hub', url: cifarHub })}
        />
      </MenuGroup>
      <MenuEntry
        id="files"
        dashed
        title="Open files…"
        detail="the CIFAR-10 archive, its .bin files, or a .zip with one folder per class or with images and masks; or drop them anywhere on the page"
        onAction={() => {
          void pickFiles({ accept: dataAccept }).then((files) => actions.openFiles(files));
        }}
      />
      <MenuEntry
        id="folder"
        dashed
        title="Open a folder…"
        detail="one subfolder of images per class, or images and masks as in PASCAL VOC"
        onAction={() => {
          void pickFiles({ directory: true }).then((files) => actions.openFiles(files));
        }}
      />
    </Menu>
  );
}
