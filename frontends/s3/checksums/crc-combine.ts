/**
 * CRC of a concatenation from the CRCs of its pieces: the first one is advanced by as many zero bytes as the second
 * piece has, by squaring the matrix of one zero bit (Mark Adler's method in zlib).
 */
const polynomials = { CRC32: 0xedb88320n, CRC32C: 0x82f63b78n, CRC64NVME: 0x9a6c9329ac4bc9b5n } as const;
const widths = { CRC32: 32, CRC32C: 32, CRC64NVME: 64 } as const;

export type CrcAlgorithm = keyof typeof polynomials;

export function isCrc(algorithm: string): algorithm is CrcAlgorithm {
  return Object.hasOwn(polynomials, algorithm);
}

/** Both CRCs big-endian, as S3 writes them; `length` is that of the second piece in bytes. */
export function combineCrc(algorithm: CrcAlgorithm, first: Uint8Array, second: Uint8Array, length: number): Buffer {
  const width = widths[algorithm];
  let crc = toBig(first);
  // The matrix of one zero bit: a shift, and the polynomial where a bit falls out.
  let matrix: bigint[] = [polynomials[algorithm]];
  for (let bit = 1; bit < width; bit++) matrix.push(1n << BigInt(bit - 1));
  matrix = square(square(square(matrix)));
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) crc = times(matrix, crc);
    matrix = square(matrix);
  }
  const out = Buffer.alloc(width / 8);
  let value = crc ^ toBig(second);
  for (let i = out.length - 1; i >= 0; i--) {
    out[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return out;
}

function toBig(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function times(matrix: readonly bigint[], vector: bigint): bigint {
  let sum = 0n;
  for (let i = 0, rest = vector; rest !== 0n; i++, rest >>= 1n) if (rest & 1n) sum ^= matrix[i]!;
  return sum;
}

function square(matrix: readonly bigint[]): bigint[] {
  return matrix.map((column) => times(matrix, column));
}
