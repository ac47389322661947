/** Kernels in WGSL: what they bind, and the text around them. */

/** The element type of a buffer. tfjs stores bool as i32. */
export type Element = 'f32' | 'i32' | 'u32' | 'vec4<f32>' | 'vec4<u32>';

/** Numbers that change from launch to launch without another compilation: `u32` unless the name ends in `F` (f32). */
export type Uniforms = Readonly<Record<string, number>>;

export interface Program {
  /** Names the code: two programs of one key are one, so that everything that shapes the code belongs in it. */
  readonly key: string;
  /** Buffers that are read, in the order of the inputs: name to element type. */
  readonly reads: Readonly<Record<string, Element>>;
  /** Buffers that are written (and may be read), in the order of the outputs. */
  readonly writes: Readonly<Record<string, Element>>;
  /** Names of the uniforms, in the order of their place in memory. */
  readonly uniforms: readonly string[];
  /** Threads of a workgroup: x, y, z. */
  readonly workgroup: readonly [number, number, number];
  /**
   * WGSL: declarations, and `fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>)`. `group` is `workgroup_id`, `groupIndex` the
   * workgroup's number, also in a launch of more than 65,535, and `local` is `local_invocation_id`; `lane`, `local_invocation_index`, is
   * everywhere. Group numbers are parameters, as only those count as uniform, which barriers need of the control flow around them.
   */
  readonly code: () => string;
  /** WGSL extensions, such as `f16` or `subgroups`. */
  readonly enable?: readonly string[];
}

/** Whether a uniform holds a float: its name says so. */
export function isFloat(name: string): boolean {
  return name.endsWith('F');
}

/** The whole module. */
export function moduleText(program: Program): string {
  const bindings = [
    ...Object.entries(program.reads).map(([name, type]) => `var<storage, read> ${name}: array<${type}>;`),
    ...Object.entries(program.writes).map(
      ([name, type]) => `var<storage, read_write> ${name}: array<${type}>;`,
    ),
  ];
  const fields = program.uniforms.map(name => `${name}: ${isFloat(name) ? 'f32' : 'u32'},`);
  const [x, y, z] = program.workgroup;
  return [
    ...(program.enable ?? []).map(extension => `enable ${extension};`),
    ...(fields.length > 0 ? [`struct Uniforms { ${fields.join(' ')} }`] : []),
    ...bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding}`),
    ...(fields.length > 0 ? [`@group(0) @binding(${bindings.length}) var<uniform> u: Uniforms;`] : []),
    'var<private> lane: u32;',
    program.code(),
    `@compute @workgroup_size(${x}, ${y}, ${z})`,
    'fn entry(',
    '  @builtin(local_invocation_id) localId: vec3<u32>,',
    '  @builtin(local_invocation_index) localIndex: u32,',
    '  @builtin(workgroup_id) groupId: vec3<u32>,',
    '  @builtin(num_workgroups) groups: vec3<u32>,',
    ') {',
    '  lane = localIndex;',
    '  main(groupId, groupId.x + groups.x * (groupId.y + groups.y * groupId.z), localId);',
    '}',
  ].join('\n');
}

/** Workgroups in a line, folded where there are more than a dimension takes; a kernel then asks whether `groupIndex` is within. */
export function folded(groups: number, limit: number): [number, number, number] {
  if (groups <= limit) return [groups, 1, 1];
  const width = Math.ceil(Math.sqrt(groups));
  return [width, Math.ceil(groups / width), 1];
}
