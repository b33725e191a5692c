/** What the bundler makes of AssemblyScript (`scripts/assembly.mjs`): base64 of the module's variants. */
declare module 'virtual:simd-kernels' {
  const binaries: {
    readonly simd: string;
    readonly relaxed: string;
    readonly simdShared: string;
    readonly relaxedShared: string;
  };
  export default binaries;
}
