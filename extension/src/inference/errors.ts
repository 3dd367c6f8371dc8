/** The words of whatever was thrown: ONNX Runtime throws errors, strings and numbers. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
