// SPDX-License-Identifier: LGPL-2.1-or-later
// The NPU fails, hangs or goes at each call of XRT and each command of two windows, on the twin:
// what is computed is what is computed without, and the reason is told.
#include <cstdlib>
#include <future>

#include "device/cpu/integer/program.h"
#include "device/cpu/mixed/dot.h"
#include "device/recovery/recovering_device.h"
#include "device/xrt/program.h"
#include "device/xrt/self_test/expected.h"
#include "fault_plan.h"
#include "on_twin.h"
#include "random_network.h"
#include "remembering_executor.h"
#include "twin_executor.h"

namespace npu::testing {
namespace {

using xrt_double::XclbinOnDisk;

enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

// What programs, devices and executor share: made once for a process.
struct Shared {
  XclbinOnDisk overlay{overlay_spec()};
  cpu::Pool pool{1};
  std::shared_ptr<const quantised::Network> network =
      std::make_shared<const quantised::Network>(random_network(1).value());
  std::shared_ptr<RememberingExecutor> executor =
      std::make_shared<RememberingExecutor>(std::make_shared<xrt_double::TwinExecutor>());
  std::shared_ptr<Program> on_cpu =
      cpu::integer::IntegerProgram::compile(pool, *cpu::dot_variant().value(), small_lists(),
                                            network, {}, {}, nullptr)
          .value();
};

Shared& shared() {
  static Shared made;
  return made;
}

class Npu : public Device {
 public:
  static Result<std::unique_ptr<Device>> open(const CancelToken& cancel) {
    NPU_TRY_ASSIGN(array::FoundDevice found, array::find_device(0));
    NPU_TRY_ASSIGN(auto hardware, array::Hardware::open(std::move(found), shared().overlay.path(),
                                                        {2, std::chrono::milliseconds(0)}, cancel));
    auto device = std::make_unique<Npu>();
    device->hardware_ = std::move(hardware);
    return std::unique_ptr<Device>(std::move(device));
  }
  std::string_view name() const override { return "npu"; }
  std::string description() const override { return hardware_->name(); }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource&, Precision,
                                        const LoadProgress& progress,
                                        const CancelToken& cancel) override {
    NPU_TRY_ASSIGN(auto program, array::ArrayProgram::compile(*hardware_, shared().pool, lists,
                                                              shared().network, progress, cancel));
    return std::unique_ptr<Program>(std::move(program));
  }

 private:
  std::unique_ptr<array::Hardware> hardware_;
};

class OnCpu : public Device {
 public:
  std::string_view name() const override { return "cpu"; }
  std::string description() const override { return "the same arithmetic"; }
  Result<std::unique_ptr<Program>> load(std::span<const OpList>, WeightSource&, Precision,
                                        const LoadProgress&, const CancelToken&) override {
    class Same : public Program {
     public:
      Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
        return shared().on_cpu->create_context(limits);
      }
      size_t weight_bytes() const override { return shared().on_cpu->weight_bytes(); }
      Precision precision() const override { return Precision::kNpu; }
    };
    return std::unique_ptr<Program>(std::make_unique<Same>());
  }
};

class ReadAgain : public RandomWeights {
  Reopener reopener() const override {
    return [] { return Result<std::unique_ptr<WeightSource>>(std::make_unique<RandomWeights>()); };
  }
};

// What was computed, or why not.
struct Computed {
  std::vector<float> values;
  std::string error;
  std::optional<ErrorCode> code;
  std::string loss;
  std::string device;
};

// Two windows: a prompt, a row, two beams out of one history, an alignment.
class Windows {
 public:
  explicit Windows(Context& context) : context_(context) {}

  Result<std::vector<float>> run() {
    NPU_TRY(encode(7));
    NPU_TRY(rows(kListStep, {{1, 0, 0, 0}, {2, 1, 0, 0}, {3, 2, 0, 0}}));
    NPU_TRY(rows(kListStep, {{4, 3, 0, 0}}));
    NPU_TRY(rows(kListStep, {{5, 4, 0, 0}, {6, 4, 1, 0}}, {0, 0}));
    NPU_TRY(rows(kListStep, {{7, 5, 0, 0}}, {1, 0}));
    NPU_TRY(rows(kListAlign, {{8, 0, 0, 0}, {9, 1, 0, 0}}));
    NPU_TRY(encode(8));
    NPU_TRY(rows(kListStep, {{1, 0, 0, 0}, {2, 1, 0, 0}}));
    NPU_TRY(rows(kListStep, {{10, 2, 0, 0}}));
    return std::move(values_);
  }

  static ContextLimits limits() {
    ContextLimits limits;
    limits.max_rows = 16;
    limits.self_slots = 2;
    limits.self_positions = 64;
    limits.cross_positions = kFewerPositions[0];
    return limits;
  }

 private:
  Result<void> encode(uint64_t seed) {
    Random random(seed);
    std::vector<float> mel(size_t{2} * kFewerPositions[0] * 80);
    for (float& x : mel) x = random.next();
    NPU_TRY(context_.write(kMelBuffer, mel));
    NPU_TRY(context_.run(kListEncoder, {}, {}, {}));
    return context_.run(kListCross, {}, {}, {});
  }
  Result<void> rows(size_t list, std::vector<Row> rows, std::vector<int> parents = {}) {
    static const auto lists = small_lists();
    std::vector<ScoreRequest> requests;
    std::vector<ScoreResult> results;
    std::vector<float> alignment;
    Replay replay =
        array::ask_for_all(lists[list], rows, kFewerPositions[0], requests, results, alignment);
    replay.self_parents = parents;
    NPU_TRY(context_.run(list, replay, {}, {}));
    for (const ScoreResult& result : results)
      values_.insert(values_.end(), result.full_row.begin(), result.full_row.end());
    values_.insert(values_.end(), alignment.begin(), alignment.end());
    return {};
  }

  Context& context_;
  std::vector<float> values_;
};

Computed compute(const std::string& faults, bool may_change, LostDevice& memory) {
  xrt_double::Scene scene;
  scene.faults = faults;
  scene.watchdog = std::chrono::milliseconds(5);
  xrt_double::set_up(scene, shared().executor);
  Computed computed;
  const auto failed = [&](const Error& error) {
    computed.error = error.message;
    computed.code = error.code;
    return computed;
  };
  auto first = Npu::open({});
  if (!first) return failed(first.error());
  Replacements replacements{Npu::open, nullptr};
  if (may_change)
    replacements.instead = [](const CancelToken&) {
      return Result<std::unique_ptr<Device>>(std::make_unique<OnCpu>());
    };
  RecoveringDevice device(*std::move(first), std::move(replacements), memory);
  ReadAgain weights;
  auto program = device.load(small_lists(), weights, Precision::kNpu, {}, {});
  if (!program) return failed(program.error());
  auto context = (*program)->create_context(Windows::limits());
  if (!context) return failed(context.error());
  auto values = Windows(**context).run();
  if (values)
    computed.values = *std::move(values);
  else
    failed(values.error());
  computed.loss = device.loss().value_or("");
  computed.device = device.name();
  return computed;
}

struct EffectCase {
  const char* name;
  const char* effect;
  bool of_commands;  // or of calls
  bool lasts;        // a retry does not help
  const char* reason;
  const char* or_reason = nullptr;  // of what a wait finds
};

constexpr EffectCase kEffects[] = {
    {"FailingCalls", "fail", false, false, "a fault was injected"},
    {"AVanishingDevice", "vanish", false, true, "IOCTL failed", "a command ended in ABORT"},
    {"AWedgedDevice", "wedge", false, true, "IOCTL failed (err=-5)"},
    {"CommandsInError", "error", true, false, "a command ended in ERROR"},
    {"AbortedCommands", "abort", true, false, "a command ended in ABORT"},
    {"CommandsTimedOut", "timeout", true, false, "a command ended in TIMEOUT"},
    {"CommandsWithoutResponse", "noresponse", true, false, "a command ended in NORESPONSE"},
    {"HangingCommands", "hang", true, false, "a command ended in TIMEOUT"},
    {"CommandsThatWedge", "wedge", true, true, "a command ended in TIMEOUT"},
    {"CommandsThatVanish", "vanish", true, true, "a command ended in ABORT"},
    {"SlowCommands", "slow:1", true, false, ""},
};

class Loss : public ::testing::TestWithParam<EffectCase> {
 protected:
  void SetUp() override {
    LostDevice memory;
    expected_ = compute("", true, memory);
    ASSERT_EQ(expected_.error, "");
    ASSERT_EQ(expected_.device, "npu");
    for (const std::string_view name : xrt_double::kCallNames)
      calls_.emplace_back(name, xrt_double::calls(std::string(name)));
    xrt_double::take_violations();
  }
  static bool has_reason(const std::string& message) {
    const auto has = [&](const char* reason) {
      return reason && message.find(reason) != std::string::npos;
    };
    return has(GetParam().reason) || has(GetParam().or_reason);
  }
  // Each n, or in the quick suite the first, the last and some between.
  static size_t stride(size_t count) {
    const char* most = std::getenv("NPUWHISPER_TEST_FAULTS");
    return most ? std::max<size_t>(1, count / std::strtoul(most, nullptr, 10)) : 1;
  }
  // Calls `check` with a fault plan and a function that tells whether it has come to pass: how
  // often a command is waited for depends on time.
  template <typename Check>
  void at_every_position(Check check) {
    for (const auto& [name, count] : calls_) {
      if ((name == "command") != GetParam().of_commands) continue;
      const size_t step = stride(count);
      for (size_t n = 1; n <= count; n = n < count && n + step > count ? count : n + step)
        check(text(name, "@", n, "=", GetParam().effect),
              [&, n, name = name] { return xrt_double::calls(std::string(name)) >= n; });
    }
  }
  // Opening the device is no loss: what cannot be opened is not used.
  static bool is_opening(const std::string& faults) {
    for (const char* call :
         {"enumerate", "device", "info", "xclbin", "register", "context", "kernel"})
      if (faults.starts_with(std::string(call) + "@1=")) return true;
    return false;
  }
  void expect_clean(const std::string& faults) {
    EXPECT_EQ(xrt_double::take_violations(), std::vector<std::string>()) << faults;
    EXPECT_EQ(xrt_double::contexts(), 0u) << faults;
  }

  Computed expected_;
  std::vector<std::pair<std::string, size_t>> calls_;
};

TEST_P(Loss, AtAnyPositionTheSameIsComputedAndTheReasonTold) {
  at_every_position([&](const std::string& faults, const auto& came_to_pass) {
    LostDevice memory;
    const Computed computed = compute(faults, true, memory);
    expect_clean(faults);
    if (is_opening(faults)) {
      EXPECT_EQ(computed.code, ErrorCode::kNoDevice) << faults;
      EXPECT_TRUE(computed.error.starts_with("device npu: ")) << faults << ": " << computed.error;
      return;
    }
    EXPECT_EQ(computed.error, "") << faults;
    EXPECT_TRUE(computed.values == expected_.values) << faults;
    EXPECT_EQ(memory.reason().value_or(""), computed.loss) << faults;
    const bool is_given_up = GetParam().lasts && came_to_pass();
    EXPECT_EQ(computed.device, is_given_up ? "cpu" : "npu") << faults << ": " << computed.loss;
    EXPECT_EQ(is_given_up ? has_reason(computed.loss) : computed.loss.empty(), true)
        << faults << ": " << computed.loss;
  });
}

TEST_P(Loss, WithNothingToTakeItsPlaceTheReasonIsTheError) {
  if (!GetParam().lasts) GTEST_SKIP() << "a retry makes it good";
  at_every_position([&](const std::string& faults, const auto& came_to_pass) {
    if (is_opening(faults)) return;
    LostDevice memory;
    const Computed computed = compute(faults, false, memory);
    expect_clean(faults);
    if (!came_to_pass()) return;
    EXPECT_EQ(computed.code, ErrorCode::kDeviceLost) << faults;
    EXPECT_TRUE(has_reason(computed.error)) << faults << ": " << computed.error;
    for (const char* part : {"the NPU was given up: ", "Choose device cpu"})
      EXPECT_NE(computed.error.find(part), std::string::npos) << faults << ": " << computed.error;
    EXPECT_FALSE(memory.check()) << faults;
  });
}

INSTANTIATE_TEST_SUITE_P(Xrt, Loss, ::testing::ValuesIn(kEffects),
                         [](const auto& which) { return which.param.name; });

// One retry: then the hardware, which gets no third try.
TEST(LossOfTheNpu, ACommandThatHangsOnceMoreGivesTheNpuUp) {
  LostDevice memory;
  const Computed computed = compute("command@2+=hang", true, memory);
  EXPECT_EQ(computed.error, "");
  EXPECT_EQ(computed.device, "cpu");
  EXPECT_EQ(xrt_double::calls("context"), 2u);
  for (const char* part :
       {"a command ended in TIMEOUT (", "; and again in a fresh context: a command"})
    EXPECT_NE(computed.loss.find(part), std::string::npos) << computed.loss;
  EXPECT_EQ(xrt_double::take_violations(), std::vector<std::string>());
}

TEST(LossOfTheNpu, ContextsThatAreExhaustedWhenItIsOpenedAgainAreTheReason) {
  LostDevice memory;
  const Computed computed = compute("command@2=error; context@2+=exhausted", true, memory);
  EXPECT_EQ(computed.error, "");
  EXPECT_EQ(computed.device, "cpu");
  for (const char* part : {"a command ended in ERROR", "it could not be opened again: ",
                           "all hardware contexts of the NPU are in use"})
    EXPECT_NE(computed.loss.find(part), std::string::npos) << computed.loss;
}

// In slices of 10 ms: one that has begun, and one that begins before the cancel is seen.
TEST(LossOfTheNpu, ACancelEndsTheWaitForASlowCommandWithinTwoSlices) {
  xrt_double::set_up({}, shared().executor);
  auto device = Npu::open({});
  ASSERT_TRUE(device);
  RandomWeights weights;
  auto program = (*device)->load(small_lists(), weights, Precision::kNpu, {}, {});
  ASSERT_TRUE(program);
  auto context = (*program)->create_context(Windows::limits());
  ASSERT_TRUE(context);
  const std::vector<float> mel(size_t{2} * kFewerPositions[0] * 80);
  ASSERT_TRUE((*context)->write(kMelBuffer, mel));
  xrt_double::hold();  // as slow as can be
  CancelSource cancel;
  auto ran = std::async(std::launch::async,
                        [&] { return (*context)->run(kListEncoder, {}, cancel.token(), {}); });
  xrt_double::wait_until_held();
  cancel.cancel();
  const size_t before = xrt_double::calls("wait");
  const Result<void> ended = ran.get();
  EXPECT_LE(xrt_double::calls("wait"), before + 2);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kCancelled);
  xrt_double::release();
}

}  // namespace
}  // namespace npu::testing
