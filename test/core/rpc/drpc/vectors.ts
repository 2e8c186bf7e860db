import { readVectors, type Summary } from "../../../helpers/vectors.js";

export interface PacketVector {
  stream: number;
  message: number;
  kind: number;
  control: boolean;
  data: string | Summary;
  errorCode?: string;
  errorMessage?: string;
  metadata?: Record<string, string>;
}

export interface FrameVector extends PacketVector {
  done: boolean;
}

export interface DrpcVectors {
  varints: { value: string; bytes: string }[];
  varintsDecode: { bytes: string; ok: boolean; value?: string; remaining?: string; error: string | null }[];
  frames: { frame: FrameVector; bytes: string }[];
  split: {
    dataPatternLabel: string;
    cases: {
      dataLength: number;
      splitSize: number;
      bytes: string | Summary;
      frames: FrameVector[];
      packets: PacketVector[];
    }[];
  };
  reader: {
    why: string;
    bytes: string;
    maximumBufferSize?: number;
    packets: PacketVector[];
    end: "eof" | "error";
  }[];
  errors: { message: string; code: string; bytes: string }[];
  errorsDecode: { bytes: string; code: string; message: string }[];
  metadata: { metadata: Record<string, string>; bytes: string; order?: string[] }[];
  metadataDecode: { why: string; bytes: string; metadata: Record<string, string> | null; error: string | null }[];
  headers: { drpc: string };
  exchanges: {
    name: string;
    outcome: string;
    clientBytes: string | Summary;
    clientFrames: FrameVector[];
    clientPackets: PacketVector[];
    serverBytes: string | Summary;
    serverFrames: FrameVector[];
    serverPackets: PacketVector[];
  }[];
}

export const vectors = readVectors<DrpcVectors>("drpc-frames");
