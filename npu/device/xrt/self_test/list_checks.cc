// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/list_checks.h"

#include <chrono>

#include "device/xrt/self_test/comparison.h"

namespace npu::array {
namespace {

constexpr std::chrono::minutes kPatience{5};
constexpr const char* kList = "as a transcription runs them";

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

class ListChecks {
 public:
  ListChecks(const ArrayProgram& program, ExpectedValues& expected, const ContextLimits& limits,
             NpuReport& report, Context& npu)
      : program_(program), expected_(expected), limits_(limits), report_(report), npu_(npu) {}

  Result<void> encode(const std::vector<float>& sound, int slot) {
    const OpList& list = program_.lists()[kTestEncoder];
    const std::string& features =
        list.values[size(program_.facts(kTestEncoder).features->in)].buffer;
    NPU_TRY(npu_.write(features, sound));
    NPU_TRY(expected_.context().write(features, sound));
    NPU_TRY_ASSIGN(double ms, timed(kTestEncoder, {}));
    NPU_TRY(expected_.run(kTestEncoder, {}));
    const Value& encoded = list.values[size(std::get<LayerNorm>(list.ops.back()).out)];
    std::vector<float> found(size(encoded.rows) * size(encoded.cols)), wanted(found.size());
    NPU_TRY(npu_.read(encoded.buffer, found));
    NPU_TRY(expected_.context().read(encoded.buffer, wanted));
    Comparison comparison;
    compare(found, wanted, size(encoded.cols), "the encoder's result", comparison);
    add("encoder", text(encoded.rows, " x ", encoded.cols), ms, comparison, "");
    Replay replay;
    replay.store_slot = slot;
    NPU_TRY_ASSIGN(ms, timed(kTestCrossKv, replay));
    NPU_TRY(expected_.run(kTestCrossKv, {}, {}, slot));
    add("cross K,V", text("window ", slot), ms, {}, "compared with the steps that read it");
    return {};
  }

  Result<void> step(SelfTestList list, const char* kind, std::span<const Row> rows,
                    std::span<const int> parents = {}) {
    std::vector<ScoreRequest> requests;
    std::vector<ScoreResult> results;
    std::vector<float> alignment;
    Replay replay = ask_for_all(program_.lists()[list], rows, limits_.cross_positions, requests,
                                results, alignment);
    replay.self_parents = parents;
    NPU_TRY_ASSIGN(const double ms, timed(list, replay));
    NPU_TRY(expected_.run(list, rows, parents));
    Comparison comparison;
    for (size_t r = 0; r < rows.size(); ++r) {
      const std::vector<float>& wanted = expected_.results()[r].full_row;
      compare(results[r].full_row, wanted, wanted.size(), text("logits of row ", r).c_str(),
              comparison);
    }
    compare(alignment, expected_.alignment(), size(limits_.cross_positions), "alignment",
            comparison);
    add(kind, text(rows.size(), rows.size() == 1 ? " row" : " rows"), ms, comparison, "");
    return {};
  }

 private:
  Result<double> timed(size_t list, const Replay& replay) {
    const auto begin = std::chrono::steady_clock::now();
    NPU_TRY(npu_.run(list, replay, {}, Deadline::in(kPatience)));
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
  }
  void add(const std::string& kind, const std::string& shape, double ms,
           const Comparison& comparison, const char* remark) {
    report_.operations.push_back({kList, kind, "", shape, comparison.bytes, comparison.differing,
                                  ms, remark, comparison.first});
  }

  const ArrayProgram& program_;
  ExpectedValues& expected_;
  const ContextLimits limits_;
  NpuReport& report_;
  Context& npu_;
};

}  // namespace

Result<void> check_whole_lists(const ArrayProgram& program, ExpectedValues& expected,
                               const ContextLimits& limits,
                               std::span<const std::vector<float>> sounds, NpuReport& report) {
  NPU_TRY_ASSIGN(const auto context, program.create_context(limits));
  ListChecks checks(program, expected, limits, report, *context);
  NPU_TRY(checks.encode(sounds[0], 0));
  NPU_TRY(checks.encode(sounds[1], 1));
  const Row prompt[] = {{7, 0, 0, 0}, {99, 1, 0, 0}, {512, 2, 0, 0}, {3, 3, 0, 0}, {805, 4, 0, 0}};
  NPU_TRY(checks.step(kTestStep, "prompt", prompt));
  // Commands that are made, then started again with other arguments.
  for (const Row row : {Row{41, 5, 0, 0}, Row{600, 6, 0, 0}})
    NPU_TRY(checks.step(kTestStep, "step", {&row, 1}));
  const Row timed_row{77, 7, 0, 0};
  NPU_TRY(checks.step(kTestAlignment, "step with alignment", {&timed_row, 1}));
  const Row beams[] = {{10, 8, 0, 0}, {11, 8, 1, 0}, {12, 0, 2, 1}};
  const int parents[] = {0, 0, 2};
  return checks.step(kTestStep, "two beams and another window", beams, parents);
}

}  // namespace npu::array
