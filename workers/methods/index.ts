/** The methods the studio knows, in the order of the menu. */
import { activation } from './activation';
import { bnScale } from './bn-scale';
import { csgd } from './csgd';
import { dagger } from './dagger';
import { dignet } from './dignet';
import { fpgm } from './fpgm';
import { l1 } from './l1';
import { l2 } from './l2';
import { MethodError, type Method, type MethodDeclaration } from './method';
import { random } from './random';
import { rignet } from './rignet';
import { svdTruncation } from './svd';
import { taylor } from './taylor';
import { trp } from './trp';

export const methods: readonly Method[] = [
  l1,
  l2,
  fpgm,
  taylor,
  activation,
  bnScale,
  random,
  svdTruncation,
  dagger,
  csgd,
  trp,
  rignet,
  dignet,
];

/** Throws `MethodError` when there is none. */
export function methodById(id: string): Method {
  const method = methods.find((candidate) => candidate.id === id);
  if (method !== undefined) return method;
  const known = methods.map((candidate) => candidate.id).join(', ');
  throw new MethodError(`There is no method "${id}". Known methods: ${known}.`, id);
}

/** The declarations alone: plain data for the page. */
export function catalogue(): readonly MethodDeclaration[] {
  return methods.map(({ begin: _begin, ...declaration }) => declaration);
}
