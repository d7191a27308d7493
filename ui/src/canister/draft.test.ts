import { describe, expect, it } from "vitest";
import type { CanisterSettings } from "../backend/wire";
import { changesOf, draftOf } from "./draft";

const settings: CanisterSettings = {
  controllers: ["aaaaa-aa", "2vxsx-fae"],
  computeAllocation: "0",
  memoryAllocation: "0",
  freezingThresholdSeconds: "2592000",
  reservedCyclesLimit: "5000000000000",
  minimumIncomingCallCycles: "0",
  logVisibility: { kind: "controllers" },
  snapshotVisibility: { kind: "controllers" },
  statusVisibility: { kind: "public" },
  logMemoryLimit: null,
  wasmMemoryLimit: "3221225472",
  wasmMemoryThreshold: "1234567",
  environmentVariables: [{ name: "STAGE", value: "live" }],
};

describe("a draft of settings", () => {
  it("that nobody touched changes nothing", () => {
    expect(changesOf(settings, draftOf(settings))).toEqual({ change: {}, changed: [], troubles: {} });
  });

  it("changes only what differs", () => {
    const draft = {
      ...draftOf(settings),
      freezingThreshold: { amount: "90", unit: "days" as const },
      wasmMemoryLimit: { amount: "512", unit: "MiB" as const },
      reservedCyclesLimit: "0.5",
      controllers: ["2vxsx-fae"],
    };
    const { change, changed, troubles } = changesOf(settings, draft);
    expect(change).toEqual({
      controllers: ["2vxsx-fae"],
      freezingThresholdSeconds: "7776000",
      wasmMemoryLimit: "536870912",
      reservedCyclesLimit: "500000000000",
    });
    expect(changed).toEqual(["controllers", "freezingThreshold", "wasmMemoryLimit", "reservedCyclesLimit"]);
    expect(troubles).toEqual({});
  });

  it("is not changed by another order of controllers", () => {
    const draft = { ...draftOf(settings), controllers: ["2vxsx-fae", "aaaaa-aa"] };
    expect(changesOf(settings, draft).changed).toEqual([]);
  });

  it.each([
    [{ computeAllocation: "101" }, "computeAllocation"],
    [{ computeAllocation: "half" }, "computeAllocation"],
    [{ wasmMemoryLimit: { amount: "-1", unit: "GiB" } }, "wasmMemoryLimit"],
    [{ minimumIncomingCallCycles: "" }, "minimumIncomingCallCycles"],
    [{ controllers: ["somebody!"] }, "controllers"],
    [{ controllers: ["aaaaa-aa", "aaaaa-aa"] }, "controllers"],
    [{ logVisibility: { kind: "listed", principals: [] } }, "logVisibility"],
    [{ environmentVariables: [{ name: "", value: "1" }] }, "environmentVariables"],
  ] as const)("says what is wrong in %j", (wrong, setting) => {
    const draft = { ...draftOf(settings), ...(wrong as object) };
    expect(Object.keys(changesOf(settings, draft).troubles)).toEqual([setting]);
  });
});
