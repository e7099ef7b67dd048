// SPDX-License-Identifier: LGPL-2.1-or-later
// The one interface between Whisper and what computes it.
//
//   Device  -> load() packs the weights once and compiles the lists      (shared by everything)
//   Program -> create_context() allocates buffers and caches        (one per stream or batch)
//   Context -> run() replays a list; write() and read() move named buffers
//
// Nothing here knows Whisper; nothing in whisper/ knows a device.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cancel.h"
#include "device/op_list.h"
#include "device/score.h"
#include "result.h"

namespace npu {

// Arithmetic of a loaded program; see docs/numerics.md. kAuto is a wish only: the fastest of those
// that are accepted by word error rate.
enum class Precision { kAuto, kF32, kInt8, kBf16, kNpu };

// As users spell it: "auto", "f32", "int8", "bf16", "npu".
std::string_view precision_name(Precision precision);
// Errors: kInvalidArgument, listing the names.
Result<Precision> precision_from_name(std::string_view name);

// Which weights these are, so that what was packed from them can be found again (packed_cache.h).
struct WeightIdentity {
  std::string path;   // canonical; empty: not to be kept
  std::string state;  // changes whenever the weights may have changed
};

// Where a device gets weights from while it packs: a validated model file.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual WeightIdentity identity() const { return {}; }
  // Opens the same weights once more, for a device that must load them again when this source has
  // gone. Null: that cannot be done. Callable from any thread. Errors: those of opening a model;
  // kBadModel: they are not the same any more.
  using Reopener = std::function<Result<std::unique_ptr<WeightSource>>()>;
  virtual Reopener reopener() const { return {}; }
  // Fills `out` (ref.shape.elements() floats, row-major) with the tensor, dequantised to f32.
  // Errors: kBadModel (missing, other shape, a value that is not finite; names file and tensor),
  // kIo.
  virtual Result<void> read(const WeightRef& ref, std::span<float> out) = 0;
};

// One entry of the row table: what distinguishes one decoder row from another.
struct Row {
  int token;       // vocabulary id
  int position;    // 0..self_positions-1: row of the position table and of the self cache
  int self_slot;   // which self cache it appends to and attends to
  int cross_slot;  // which cross cache it attends to
};

// What changes per replay. All spans are borrowed until run() returns.
struct Replay {
  // Rows of one self slot must have consecutive positions in table order, and everything before the
  // first of them must be in the slot's history, of which they replace what is there from that
  // position on. What a row gives depends, in every bit, on the tokens up to it and on what it
  // attends to, never on the other rows.
  std::span<const Row> rows;
  // Beam permutation, applied before the list runs: from now on self slot s continues the history
  // of slot self_parents[s], for s < size. Empty: nothing moves. Histories are not copied by
  // contract, only renamed; a device may copy.
  std::span<const int> self_parents;
  // The cross-cache slot that StoreCross fills.
  int store_slot = 0;
  std::span<const ScoreRequest> score;
  std::span<ScoreResult> results;  // as many as `score`
  // [alignment heads of the list][rows][cross_positions], for lists with AlignmentScores.
  std::span<float> alignment;
};

// How large a Context is.
struct ContextLimits {
  int max_rows = 1;     // of a row table
  int self_slots = 1;   // histories (beams, samples, windows)
  int cross_slots = 1;  // encoded windows
  int self_positions = 448;
  int cross_positions = 1500;
};

// Buffers and caches of one stream, or of several that are stepped together, and the right to
// replay lists on them. One thread at a time; several contexts of one program may run from several
// threads (they may wait for each other).
class Context {
 public:
  virtual ~Context() = default;

  // Copies [rows][cols] floats into / out of the named buffer (Value::buffer).
  // Errors: kInvalidArgument (no such buffer, other size), kDeviceLost.
  virtual Result<void> write(std::string_view buffer, std::span<const float> data) = 0;
  virtual Result<void> read(std::string_view buffer, std::span<float> data) = 0;

  // Replays list `list` (index into the lists given to load()) and waits until it is done.
  // A cancel from another thread, or the deadline, ends the wait within 100 ms (Whisper base).
  // Allocates nothing in the steady state.
  // Errors: kInvalidArgument (row table, slots, positions, requests out of range; nothing ran),
  // kCancelled, kTimeout, kDeviceLost. After the last three the contents of the buffers that the
  // list writes, and of the cache positions it appends, are undefined; everything else is as it
  // was.
  virtual Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                           Deadline deadline) = 0;
};

// Packed weights and compiled lists: immutable, thread-safe, shared.
class Program {
 public:
  virtual ~Program() = default;
  // Errors: kOutOfMemory, kInvalidArgument, kDeviceLost. The program must outlive its contexts.
  virtual Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const = 0;
  // Bytes of device memory that the packed weights take.
  virtual size_t weight_bytes() const = 0;
  // What it computes in; never kAuto.
  virtual Precision precision() const = 0;
};

// Called while weights are packed, with 0..1, from the thread that called load().
using LoadProgress = std::function<void(double fraction)>;

// A piece of hardware (or the host CPU) that runs lists. Thread-safe.
class Device {
 public:
  virtual ~Device() = default;
  // "cpu", "npu", ...: as the `device` property spells it.
  virtual std::string_view name() const = 0;
  // One line for people: what it is, and which instruction set or firmware it uses.
  virtual std::string description() const = 0;
  // Why this is another device than was opened: that one was lost and given up. None: it was not.
  virtual std::optional<std::string> loss() const { return {}; }
  // Reads every weight of the lists once from `source`, packs it, and compiles the lists, or takes
  // what it has kept of an earlier time with the same identity. `source` is not needed afterwards.
  // The device must outlive the program. Errors: kBadModel (from `source`), kUnsupported (a list or
  // precision it cannot run), kOutOfMemory, kCancelled, kDeviceLost.
  virtual Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                                Precision precision, const LoadProgress& progress,
                                                const CancelToken& cancel) = 0;
};

}  // namespace npu
