/** What an action that must fail throws. */
export async function errorOf(action: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await action;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
