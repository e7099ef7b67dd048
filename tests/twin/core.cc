// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core.h"

#include <cstring>

#include "aie_host/checks.h"
#include "aie_host/vector.h"
#include "layout/descriptor_check.h"
#include "result.h"

namespace npu::twin {

using aie_host::TileBuffer;
using kernels::CoreMemory;
using kernels::kObjectBytes;

// What the host's AIE API watches; it does so for the thread that made it.
struct Core::Memory {
  TileBuffer<int8_t> a[kDepth] = {TileBuffer<int8_t>(kObjectBytes),
                                  TileBuffer<int8_t>(kObjectBytes)};
  TileBuffer<int8_t> b[kDepth] = {TileBuffer<int8_t>(kObjectBytes),
                                  TileBuffer<int8_t>(kObjectBytes)};
  TileBuffer<int8_t> c{CoreMemory::kOutput};
  TileBuffer<int8_t> scratch{CoreMemory::kScratch};
  TileBuffer<int16_t> table{CoreMemory::kTable / sizeof(int16_t)};
  kernels::CoreParameters parameters;

  TileBuffer<int8_t>& input(bool of_b, size_t slot) { return of_b ? b[slot] : a[slot]; }
};

class Core::Source : public kernels::HostSource {
 public:
  Source(Core& core, bool b) : core_(core), input_(core.inputs_[b]), b_(b) {}

  // Only asked of B, before an operation: the core is between two of them.
  bool more() override {
    core_.check_kernel();
    core_.block(Wait::kDescriptor);
    core_.check_descriptor();
    return true;
  }
  const int8_t* acquire() override {
    core_.check_kernel();
    core_.block(b_ ? Wait::kB : Wait::kA);
    return core_.memory_->input(b_, input_.next).data();
  }
  void release() override {
    core_.check_kernel();
    core_.memory_->input(b_, input_.next).forget();
    input_.next = (input_.next + 1) % kDepth;
    --input_.filled;
    CoreOperation& now = core_.operations_.back();
    ++(b_ ? now.b : now.a);
  }

 private:
  Core& core_;
  Input& input_;
  bool b_;
};

class Core::Sink : public kernels::HostSink {
 public:
  explicit Sink(Core& core) : core_(core) {}

  int8_t* acquire() override {
    core_.check_kernel();
    core_.block(Wait::kC);
    core_.c_held_ = true;
    TileBuffer<int8_t>& buffer = core_.memory_->c;
    buffer.forget();
    // Contents of a place differ from object to object, as on the device.
    std::memset(buffer.data(), static_cast<int>(core_.random_() & 0xFF), CoreMemory::kOutput);
    return buffer.data();
  }
  void release() override {
    core_.check_kernel();
    core_.c_held_ = false;
    core_.c_full_ = true;
    ++core_.operations_.back().c;
  }

 private:
  Core& core_;
};

Core::Core(unsigned column, unsigned row, kernels::Program program)
    : column_(column), row_(row), program_(program), thread_([this] { thread_main(); }) {}

Core::~Core() {
  end();
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::string Core::name() const {
  return text("core (", column_, ",", row_ + 2, ")");
}

void Core::begin(uint32_t seed) {
  end();
  random_.seed(seed);
  operations_.clear();
  fault_.clear();
  kernel_at_fault_ = false;
  switches_ = 0;
  inputs_[0] = {}, inputs_[1] = {};
  c_full_ = c_held_ = false;
  ending_ = false;
  in_run_ = true;
  to_core();
}

void Core::end() {
  if (!in_run_) return;
  ending_ = true;
  if (wait_ != Wait::kStopped && wait_ != Wait::kFailed) to_core();
  in_run_ = false;
}

void Core::to_core() {
  ++switches_;
  std::unique_lock lock(mutex_);
  core_runs_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !core_runs_; });
}

void Core::thread_main() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return core_runs_ || quit_; });
      if (quit_) return;
    }
    run();
    {
      const std::lock_guard lock(mutex_);
      core_runs_ = false;
    }
    changed_.notify_all();
  }
}

void Core::run() {
  Memory memory;
  memory_ = &memory;
  // Poisoned: what an operation needs it must have brought.
  std::memset(static_cast<void*>(&memory.parameters), static_cast<int>(random_() & 0xFF),
              sizeof(memory.parameters));
  static constexpr kernels::RoundingMode kRounding[] = {
      kernels::RoundingMode::kFloor, kernels::RoundingMode::kCeil, kernels::RoundingMode::kSymCeil,
      kernels::RoundingMode::kConvOdd};
  static constexpr kernels::SaturationMode kSaturation[] = {kernels::SaturationMode::kNone,
                                                            kernels::SaturationMode::kSymmetric};
  aie_host::core_state() = {kRounding[random_() % 4], kSaturation[random_() % 2]};
  aie_host::clear_violations();
  kernels::CoreState state = {row_, memory.scratch.data(), &memory.parameters, memory.table.data(),
                              false};
  Source a(*this, false), b(*this, true);
  Sink c(*this);
  try {
    kernels::run_core(program_, a, b, c, state);
    fault_ = text(
        name(), " has stopped: its program has not what operation ", operations_.size() - 1,
        " of the core asks for (op ", static_cast<unsigned>(operations_.back().head.op),
        ", epilogue ", static_cast<unsigned>(operations_.back().head.epilogue), ", flags ",
        operations_.back().head.flags, "), or pieces wait that were to leave before it (kFlush)");
    wait_ = Wait::kStopped;
  } catch (const Unwind&) {
  }
  memory_ = nullptr;
}

void Core::hand_over() {
  {
    std::unique_lock lock(mutex_);
    core_runs_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return core_runs_; });
  }
  if (ending_) throw Unwind{};
}

void Core::block(Wait wait) {
  for (wait_ = wait; !can_go();) hand_over();
}

void Core::fail(std::string what) {
  fault_ = std::move(what);
  wait_ = Wait::kFailed;
  throw Unwind{};
}

void Core::check_kernel() {
  if (aie_host::violation_count() == 0 || operations_.empty()) return;
  const size_t at = operations_.size();
  kernel_at_fault_ = true;
  fail(text(name(), ", operation ", at - 1, " of the core: ", aie_host::first_violation(),
            ": expected what the operation needs in its descriptor and objects"));
}

void Core::check_descriptor() {
  kernels::Descriptor descriptor;
  const Input& input = inputs_[true];
  std::memcpy(static_cast<void*>(&descriptor), memory_->b[input.next].data(), sizeof(descriptor));
  const std::string fault = kernels::descriptor_fault(descriptor);
  if (!fault.empty()) {
    fail(text(name(), " expects the descriptor of its operation ", operations_.size(),
              ", brought by ", input.origin[input.next], ": ", fault));
  }
  operations_.push_back({descriptor.head});
}

bool Core::can_go() const {
  switch (wait_) {
    case Wait::kDescriptor:
    case Wait::kB:
      return inputs_[true].filled > 0;
    case Wait::kA:
      return inputs_[false].filled > 0;
    case Wait::kC:
      return !c_full_;
    case Wait::kStopped:
    case Wait::kFailed:
      return false;
  }
  return false;
}

void Core::resume() {
  to_core();
}

void Core::give(bool b, std::span<const std::byte> object, const std::string& origin) {
  Input& input = inputs_[b];
  const size_t slot = (input.next + input.filled) % kDepth;
  const int8_t* bytes = reinterpret_cast<const int8_t*>(object.data());
  memory_->input(b, slot).set(std::span(bytes, object.size()));
  input.origin[slot] = origin;
  ++input.filled;
}

std::span<const std::byte> Core::c() const {
  return std::as_bytes(std::span(memory_->c.data(), CoreMemory::kOutput));
}

std::string Core::state() const {
  const char* waits = "";
  switch (wait_) {
    case Wait::kDescriptor:
      waits = "waits for a descriptor";
      break;
    case Wait::kA:
      waits = "waits for A";
      break;
    case Wait::kB:
      waits = "waits for B";
      break;
    case Wait::kC:
      waits = "waits for room in C";
      break;
    case Wait::kStopped:
    case Wait::kFailed:
      waits = "has stopped";
      break;
  }
  std::string doing;
  if (!operations_.empty()) {
    const CoreOperation& now = operations_.back();
    doing = text(wait_ == Wait::kDescriptor ? " after operation " : " in operation ",
                 operations_.size() - 1, " (op ", static_cast<unsigned>(now.head.op), "; A ", now.a,
                 ", B ", now.b, ", C ", now.c, " objects)");
  }
  return text(name(), " ", waits, doing, "; buffers A ", inputs_[0].filled, ", B ",
              inputs_[1].filled, " of 2, C ", c_full_ ? 1 : 0, " of 1",
              c_held_ ? ", pieces in C" : "");
}

}  // namespace npu::twin
