// SPDX-License-Identifier: LGPL-2.1-or-later
// mutate_syncs [--every N]: a short session of the NPU device on the double of XRT's library, again
// and again, each time with another one of its syncs of buffers forgotten; prints what found out.
// The session: two windows encoded, a prompt, single rows, beams that share and copy histories,
// rows of a window that was never stored, alignment. Ends with 1 if nobody found out about one of
// them.
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>
#include <map>

#include "device/cpu/pool.h"
#include "device/xrt/context.h"
#include "device/xrt/self_test/expected.h"
#include "on_twin.h"
#include "random_network.h"

namespace npu::testing {
namespace {

constexpr int kPositions = kFewerPositions[0];
constexpr size_t kVocabulary = 5000;
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

// All that the device gave, or its first error.
struct Given {
  std::vector<float> values;
  std::string error;
};

class Session {
 public:
  explicit Session(std::shared_ptr<const quantised::Network> network)
      : network_(std::move(network)) {
    limits_.self_slots = 3;
    limits_.cross_slots = 2;
    limits_.max_rows = 8;
    Random random(7);
    mel_.resize(size_t{2} * kPositions * 80);
    for (float& x : mel_) x = random.next();
  }

  Given run(const std::string& faults) {
    xrt_double::Scene scene;
    scene.faults = faults;
    scene.watchdog = std::chrono::milliseconds(1);
    xrt_double::set_up(scene);
    given_ = {};
    const Result<void> ran = run();
    if (!ran) given_.error = ran.error().message;
    return std::move(given_);
  }

 private:
  Result<void> run() {
    NPU_TRY_ASSIGN(auto found, array::find_device(0));
    NPU_TRY_ASSIGN(auto hardware, array::Hardware::open(std::move(found), overlay_.path(), {}));
    NPU_TRY_ASSIGN(auto program,
                   array::ArrayProgram::compile(*hardware, pool_, small_lists(), network_, {}, {}));
    NPU_TRY_ASSIGN(auto context, program->create_context(limits_));
    return use(*context);
  }

  Result<void> use(Context& context) {
    NPU_TRY(step(context, kListStep, {{5, 0, 0, 1}}));
    NPU_TRY(encode(context, 0));
    for (float& x : mel_) x = -x;
    const Result<void> again = encode(context, 1);
    for (float& x : mel_) x = -x;
    NPU_TRY(again);
    NPU_TRY(step(context, kListStep, {{1, 0, 0, 0}, {2, 1, 0, 0}, {3, 0, 2, 1}}));
    NPU_TRY(step(context, kListStep, {{7, 2, 0, 0}}));
    NPU_TRY(step(context, kListStep, {{8, 3, 0, 0}}));
    NPU_TRY(step(context, kListStep, {{10, 4, 0, 0}, {11, 4, 1, 0}}, {0, 0, 2}));
    NPU_TRY(step(context, kListStep, {{20, 5, 0, 0}, {21, 5, 1, 0}, {22, 1, 2, 1}}, {1, 0, 2}));
    NPU_TRY(step(context, kListAlign, {{9, 6, 0, 0}}));
    return step(context, kListAlign, {{31, 6, 1, 0}, {32, 2, 2, 1}});
  }

  Result<void> encode(Context& context, int slot) {
    Replay replay;
    replay.store_slot = slot;
    NPU_TRY(context.write(kMelBuffer, mel_));
    NPU_TRY(context.run(kListEncoder, {}, {}, {}));
    NPU_TRY(context.run(kListCross, replay, {}, {}));
    std::vector<float> encoded(size_t{kPositions} * 192);
    NPU_TRY(context.read(kEncodedBuffer, encoded));
    given_.values.insert(given_.values.end(), encoded.begin(), encoded.end());
    return {};
  }

  Result<void> step(Context& context, size_t list, std::vector<Row> rows,
                    const std::vector<int>& parents = {}) {
    static const auto lists = small_lists();
    std::vector<ScoreRequest> requests;
    std::vector<ScoreResult> results;
    std::vector<float> alignment;
    Replay replay = array::ask_for_all(lists[list], rows, limits_.cross_positions, requests,
                                       results, alignment);
    replay.self_parents = parents;
    for (ScoreRequest& request : requests)
      request.ranges[kText] = {0, static_cast<int>(kVocabulary)};
    NPU_TRY(context.run(list, replay, {}, {}));
    for (const ScoreResult& result : results)
      given_.values.insert(given_.values.end(), result.full_row.begin(), result.full_row.end());
    given_.values.insert(given_.values.end(), alignment.begin(), alignment.end());
    return {};
  }

  std::shared_ptr<const quantised::Network> network_;
  xrt_double::XclbinOnDisk overlay_{overlay_spec()};
  cpu::Pool pool_{1};
  ContextLimits limits_;
  std::vector<float> mel_;
  Given given_;
};

// Violations of the double that are not what it has told the program as an error.
std::string joined(const std::vector<std::string>& lines) {
  return lines.empty() ? "" : lines.front();
}

bool mutate(size_t every) {
  auto made = random_network(1);
  if (!made) return false;
  Session session(std::make_shared<const quantised::Network>(*std::move(made)));
  const Given wanted = session.run("");
  if (!wanted.error.empty()) {
    std::cerr << "without a fault: " << wanted.error << "\n";
    return false;
  }
  if (const std::string wrong = joined(xrt_double::take_violations()); !wrong.empty()) {
    std::cerr << "without a fault: " << wrong << "\n";
    return false;
  }
  const size_t syncs = xrt_double::calls("sync");
  std::map<std::string, size_t> total;
  std::printf("forgotten sync | found by; message\n");
  for (size_t n = 1; n <= syncs; n += every) {
    const Given given = session.run(text("sync@", n, "=ignore"));
    const std::string violation = joined(xrt_double::take_violations());
    const bool differs = given.values != wanted.values;
    const std::string by = !violation.empty()     ? "the double or the twin"
                           : !given.error.empty() ? "an error"
                           : differs              ? "the results"
                                                  : "LIVES";
    ++total[by];
    const std::string message = !violation.empty() ? violation : given.error;
    std::printf("%zu of %zu | %s; %.150s\n", n, syncs, by.c_str(), message.c_str());
    std::fflush(stdout);
  }
  for (const auto& [by, count] : total) std::printf("%s: %zu\n", by.c_str(), count);
  return syncs > 0 && !total.contains("LIVES");
}

}  // namespace
}  // namespace npu::testing

int main(int argc, char** argv) {
  size_t every = 1;
  if (argc == 3 && std::strcmp(argv[1], "--every") == 0) every = std::strtoul(argv[2], nullptr, 10);
  if (every == 0 || (argc != 1 && argc != 3)) {
    std::cerr << "usage: mutate_syncs [--every N]\n";
    return 2;
  }
  return npu::testing::mutate(every) ? 0 : 1;
}
