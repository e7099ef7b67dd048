// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/run.h"

#include <algorithm>
#include <new>
#include <thread>

#include "device/xrt/self_test/list_checks.h"
#include "device/xrt/self_test/operation_checks.h"

namespace npu::array {
namespace {

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// Features of every size that they can have, the same everywhere.
std::vector<float> sound_of(const OpList& encoder, uint64_t seed) {
  const auto& first = std::get<Convolution>(encoder.ops.front());
  const Value& value = encoder.values[size(first.in)];
  std::vector<float> sound(size(value.rows) * size(value.cols));
  uint64_t state = seed * 2 + 1;
  for (float& feature : sound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    feature = static_cast<float>(static_cast<int32_t>(state >> 32)) * 0x1p-31F;
  }
  return sound;
}

// 16 rows of one history; then rows of three histories and two windows, with alignment.
Result<void> check_steps(OperationChecks& checks) {
  std::vector<Row> rows;
  for (int i = 0; i < static_cast<int>(kDecodeRows); ++i) rows.push_back({i * 37 + 5, i, 0, 0});
  NPU_TRY(checks.step(kTestStep, rows));
  const int after = static_cast<int>(kDecodeRows);
  rows = {{40, after, 0, 0}, {41, 0, 1, 1}, {42, 1, 1, 1}, {43, 0, 2, 0}};
  return checks.step(kTestAlignment, rows);
}

Result<void> check_all(const ArrayProgram& program, ExpectedValues& expected,
                       const ContextLimits& limits, NpuReport& report) {
  using Where = OperationChecks::Where;
  const OpList& encoder = program.lists()[kTestEncoder];
  const std::vector<float> sounds[] = {sound_of(encoder, 1), sound_of(encoder, 2)};
  {
    NPU_TRY_ASSIGN(const auto checks, OperationChecks::create(program, expected, limits, report));
    NPU_TRY(checks->encode(sounds[0], Where::kNpu));
    NPU_TRY(checks->store(0, Where::kNpu));
    NPU_TRY(checks->encode(sounds[1], Where::kCpu));
    NPU_TRY(checks->store(1, Where::kCpu));
    NPU_TRY(check_steps(*checks));
  }
  return check_whole_lists(program, expected, limits, sounds, report);
}

Result<NpuReport> run(Hardware& hardware, const SelfTestSubject& subject, int threads) {
  NpuReport report;
  report.subject = subject.name;
  const auto network = with_integers_shown(*subject.network);
  cpu::Pool pool(threads);
  NPU_TRY_ASSIGN(const auto program,
                 ArrayProgram::compile(hardware, pool, subject.lists, network, {}, CancelToken()));
  ContextLimits limits;
  limits.max_rows = static_cast<int>(kDecodeRows);
  limits.self_slots = 3;
  limits.cross_slots = 2;
  limits.cross_positions = static_cast<int>(program->array_list(kTestEncoder).positions);
  NPU_TRY_ASSIGN(const auto expected,
                 ExpectedValues::create(subject.lists, network, limits, threads));
  const Result<void> checked = check_all(*program, *expected, limits, report);
  if (checked) return report;
  const ErrorCode code = checked.error().code;
  if (code != ErrorCode::kDeviceLost && code != ErrorCode::kTimeout) return checked.error();
  if (report.ended_early.empty()) report.ended_early = checked.error().message;
  return report;
}

}  // namespace

Result<NpuReport> run_self_test(Hardware& hardware, const SelfTestSubject& subject, int threads) {
  if (threads == 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  try {
    return run(hardware, subject, threads);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory,
                 text("self-test of ", subject.name, ": not enough memory")};
  }
}

}  // namespace npu::array
