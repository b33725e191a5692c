/** Variables of a method's own. */
import { tensor, tidy, variable, type Variable } from '@tensorflow/tfjs-core';

/**
 * A variable of `shape` whose name may be taken: checkpoints find it by a name that is the same in every run, but tfjs keeps
 * one list of names and refuses a second owner, such as a run that begins while another one is paused.
 */
export function namedVariable(name: string, shape: readonly number[], values: Float32Array): Variable {
  const made: Variable = tidy(() => variable(tensor(values, [...shape])));
  const registered = made.name;
  made.name = name;
  const dispose = made.dispose.bind(made);
  made.dispose = () => {
    // tfjs forgets a variable by the name it knows it under.
    made.name = registered;
    dispose();
  };
  return made;
}
