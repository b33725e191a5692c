/** Where an operator is being turned into layers: its inputs as what they are, and where its layers go. */
import type { LayerId } from '../../network/graph';
import { type Builder, type LayerBody, NotUnderstood, type Value } from './builder';
import type { Constant } from './constant';
import type { OnnxNode } from './node';
import type { View } from './view';

export class Site {
  constructor(
    readonly node: OnnxNode,
    readonly builder: Builder,
    /** The batch size the file insists on; undefined when it leaves it open. */
    readonly batch: number | undefined,
  ) {}

  /** Undefined: an optional input that is absent. */
  value(index: number): Value | undefined {
    const name = this.node.inputs[index];
    return name === undefined || name === '' ? undefined : this.builder.values.get(name);
  }

  /** Name the file gives an input. */
  source(index: number): string {
    return this.node.inputs[index] ?? '';
  }

  /** A tensor that depends on the image. Throws `NotUnderstood` when it does not. */
  view(index: number): View {
    const value = this.value(index);
    if (value?.kind === 'view') return value.view;
    throw new NotUnderstood(`reads "${this.source(index)}", which is a constant where a tensor is expected`);
  }

  /** A constant; undefined when the input is absent. Throws `NotUnderstood` when it depends on the image. */
  constant(index: number): Constant | undefined {
    const value = this.value(index);
    if (value === undefined) return undefined;
    if (value.kind === 'constant') return value.constant;
    throw new NotUnderstood(`takes "${this.source(index)}" from the network, where only a constant is read`);
  }

  /** A constant that must be there. */
  required(index: number, what: string): Constant {
    const constant = this.constant(index);
    if (constant === undefined) throw new NotUnderstood(`has no ${what}`);
    return constant;
  }

  /** All inputs; constants where they are, undefined where they are absent or depend on the image. */
  constants(): readonly (Constant | undefined)[] {
    return this.node.inputs.map((_, index) => {
      const value = this.value(index);
      return value?.kind === 'constant' ? value.constant : undefined;
    });
  }

  /** Appends a layer named after the operator. */
  layer(body: LayerBody, inputs: readonly LayerId[], wish = this.node.title): LayerId {
    return this.builder.emit(wish, body, inputs);
  }
}

/** Turns one operator into layers. Answers what it writes, first output first. Throws `NotUnderstood`. */
export type Handler = (site: Site) => readonly View[];
