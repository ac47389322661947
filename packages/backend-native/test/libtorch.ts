import { needs } from '../../../scripts/parts/needs';

/** Tests that need the addon. */
export const { describe: describeNative } = await needs('libtorch');
