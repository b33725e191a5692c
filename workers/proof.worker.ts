/** Entry point: reopens exported files in a worker of its own and runs them. One job a worker; who started it ends it. */
import * as v from 'valibot';
import { type ProofAnswer, proveFile, type ProofRequest } from './formats/proof';
import { serve, transferring } from './rpc';

export interface ProofCommands {
  prove: { params: ProofRequest; result: ProofAnswer };
}

serve<ProofCommands>(
  self,
  {
    prove: async (request) => {
      const answer = await proveFile(request);
      return transferring(answer, [answer.logits.buffer]);
    },
  },
  {
    prove: v.pipe(
      v.strictObject({
        files: v.array(v.instance(File)),
        shape: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), v.minLength(2), v.maxLength(4)),
        images: v.instance(Float32Array),
      }),
      v.check(
        ({ shape, images }) => shape.reduce((product, size) => product * size, 1) === images.length,
        'as many pixels as the shape says',
      ),
    ),
  },
);
