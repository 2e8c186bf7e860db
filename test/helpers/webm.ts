/** One encoded frame of VP8. */
export interface VideoFrame {
  readonly ms: number;
  readonly key: boolean;
  readonly data: Uint8Array;
}

/**
 * A WebM file that can be seeked in: https://www.webmproject.org/docs/container/ with a duration, cues, and a cluster for
 * each key frame. What MediaRecorder writes has neither of the first two.
 */
export function webmFile(frames: readonly VideoFrame[], width: number, height: number, durationMs: number): Buffer {
  const header = element(0x1a45dfa3, [
    element(0x4286, uint(1)),
    element(0x42f7, uint(1)),
    element(0x42f2, uint(4)),
    element(0x42f3, uint(8)),
    element(0x4282, Buffer.from("webm")),
    element(0x4287, uint(4)),
    element(0x4285, uint(2)),
  ]);
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(durationMs);
  const info = element(0x1549a966, [
    element(0x2ad7b1, uint(1_000_000)),
    element(0x4489, duration),
    element(0x4d80, Buffer.from("postern test")),
    element(0x5741, Buffer.from("postern test")),
  ]);
  const video = element(0xe0, [element(0xb0, uint(width)), element(0xba, uint(height))]);
  const track = element(0xae, [
    element(0xd7, uint(1)),
    element(0x73c5, uint(1)),
    element(0x83, uint(1)),
    element(0x86, Buffer.from("V_VP8")),
    video,
  ]);
  const tracks = element(0x1654ae6b, track);
  const clusters = clustersOf(frames);
  // Cues name places behind them, whose distance depends on the length of the cues: all numbers have eight bytes.
  const cuesSize = cues(clusters.map(({ ms }) => ({ ms, at: 0 }))).length;
  let at = info.length + tracks.length + cuesSize;
  const points = clusters.map(({ ms, bytes }) => {
    const point = { ms, at };
    at += bytes.length;
    return point;
  });
  return Buffer.concat([
    header,
    element(0x18538067, [info, tracks, cues(points), ...clusters.map(({ bytes }) => bytes)]),
  ]);
}

function clustersOf(frames: readonly VideoFrame[]): { ms: number; bytes: Buffer }[] {
  const groups: VideoFrame[][] = [];
  for (const frame of frames) {
    if (frame.key || groups.length === 0) groups.push([]);
    groups.at(-1)!.push(frame);
  }
  return groups.map((group) => {
    const ms = group[0]!.ms;
    const blocks = group.map((frame) => {
      const head = Buffer.from([0x81, 0, 0, frame.key ? 0x80 : 0]);
      head.writeInt16BE(frame.ms - ms, 1);
      return element(0xa3, Buffer.concat([head, frame.data]));
    });
    return { ms, bytes: element(0x1f43b675, [element(0xe7, uint(ms)), ...blocks]) };
  });
}

function cues(points: readonly { ms: number; at: number }[]): Buffer {
  return element(
    0x1c53bb6b,
    points.map(({ ms, at }) =>
      element(0xbb, [element(0xb3, uint(ms)), element(0xb7, [element(0xf7, uint(1)), element(0xf1, uint(at))])]),
    ),
  );
}

/** Id, a size of eight bytes, and the content. */
function element(id: number, content: Buffer | readonly Buffer[]): Buffer {
  const body = Array.isArray(content) ? Buffer.concat(content) : (content as Buffer);
  const hex = id.toString(16);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
  return Buffer.concat([Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex"), size, body]);
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
