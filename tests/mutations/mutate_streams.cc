// SPDX-License-Identifier: LGPL-2.1-or-later
// mutate_streams [--every N] [--like TEXT]: changes recorded streams of a small network in one
// place each, runs each on the twin, and prints what caught it. All mutants of a decode step; of
// the other lists, which take longer, a part. With --every only each N-th of all these, with --like
// only those whose line has that text. Ends with 1 if a mutant lives.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iostream>
#include <map>
#include <string_view>
#include <thread>

#include "list_on_twin.h"
#include "random_network.h"
#include "stream_effects.h"
#include "stream_mutants.h"

namespace npu::testing {
namespace {

constexpr int kPositions = kFewerPositions[0];
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

const char* name_of(twin::FaultKind kind) {
  static constexpr const char* kNames[] = {
      "format",        "register", "field",    "address",   "queue", "live",  "token",
      "never written", "conflict", "deadlock", "left over", "core",  "kernel"};
  return kNames[static_cast<size_t>(kind)];
}

constexpr const char* kNoEffect = "no effect";
constexpr const char* kUnread = "unread words";
constexpr const char* kEqual = "equal words";

struct Verdict {
  std::string by;  // "" if it lives
  std::string message;
};

// How a list is mutated: each `every`-th of its mutants.
struct Subject {
  ListOnTwin run;
  kernels::Program program;
  size_t every;
};

class Judge {
 public:
  explicit Judge(const Subject& subject)
      : subject_(subject),
        array_(twin::Target{}, subject.program),
        wanted_(subject.run.before()),
        memory_(subject.run.before()) {
    const twin::Report report = array_.run(subject.run.words(), wanted_.buffers());
    if (report.fault)
      fault_ = report.fault->message;
    else
      fault_ = subject.run.difference(wanted_);
    effects_ = effects_of(subject.run.words(), TwinMemory::kWasteArgument);
  }
  // Of the stream as it was recorded; "" if there is none.
  const std::string& fault() const { return fault_; }

  Verdict judge(const Mutant& mutant) {
    const std::vector<uint32_t> words = apply(mutant, subject_.run.words());
    if (const auto fault = twin::check_format(words))
      return {text("twin: ", name_of(fault->kind)), fault->message};
    // A descriptor whose places are the same needs no run.
    if (is_of_places(mutant) && has_same_effects(words)) return same_effects();
    memory_.restore(subject_.run.before());
    std::vector<twin::Buffer> buffers = memory_.buffers();
    if (mutant.change == Mutant::Change::kSwapArguments)
      std::swap(buffers[mutant.arguments.first], buffers[mutant.arguments.second]);
    const twin::Report report = array_.run(words, buffers);
    if (report.fault) return {text("twin: ", name_of(report.fault->kind)), report.fault->message};
    const std::string difference = first_difference();
    if (!difference.empty()) return {"bytes", difference};
    if (mutant.change == Mutant::Change::kSwapArguments) return {"", ""};
    if (has_same_effects(words)) return same_effects();
    return of_words_elsewhere(words);
  }

 private:
  // A field of a descriptor that says where its words lie, not how many or what comes next.
  static bool is_of_places(const Mutant& mutant) {
    static constexpr const char* kFields[] = {"BD address", "BD D", "BD iteration", "BD current",
                                              "BD burst"};
    return mutant.change == Mutant::Change::kWord &&
           std::any_of(std::begin(kFields), std::end(kFields),
                       [&](const char* field) { return mutant.kind.starts_with(field); });
  }
  bool has_same_effects(const std::vector<uint32_t>& words) const {
    return effects_of(words, TwinMemory::kWasteArgument) == effects_;
  }
  static Verdict same_effects() {
    return {kNoEffect, "the same words move in the same order, under the same tokens"};
  }
  // Of memory from what the recorded stream leaves.
  std::string first_difference() const {
    for (size_t i = 0; i < TwinMemory::kWasteArgument; ++i) {
      const auto found = memory_.bytes(i), wanted = wanted_.bytes(i);
      const auto [a, b] = std::mismatch(found.begin(), found.end(), wanted.begin());
      if (a != found.end()) return text("byte ", a - found.begin(), " of argument ", i, " differs");
    }
    return "";
  }

  // Rows of a tile that are not worked on are read with it. Words of that kind are those that may
  // be noise in the recorded stream and all results stay.
  Verdict of_words_elsewhere(const std::vector<uint32_t>& words) {
    const std::vector<uint32_t>& recorded = subject_.run.words();
    std::array<std::span<const std::byte>, TwinMemory::kArguments> memory;
    for (size_t i = 0; i < memory.size(); ++i) memory[i] = subject_.run.before().bytes(i);
    auto noise = read_elsewhere(recorded, words, TwinMemory::kWasteArgument, memory);
    if (!noise) return {"", ""};
    if (noise->empty()) return {kEqual, "what it reads elsewhere are equal words that stay"};
    twin::RunOptions options;
    options.noise = *std::move(noise);
    memory_.restore(subject_.run.before());
    if (array_.run(recorded, memory_.buffers(), options).fault || !first_difference().empty())
      return {"", ""};
    return {kUnread, "what it reads elsewhere are words on which nothing depends"};
  }

  const Subject& subject_;
  twin::Array array_;
  TwinMemory wanted_, memory_;
  std::vector<Effect> effects_;
  std::string fault_;
};

std::string line_of(const Mutant& mutant) {
  return text(mutant.kind, ": ", mutant.where);
}

// What became of the mutants of a kind.
struct Row {
  std::map<std::string, size_t> by;
  std::string message;  // of the first that was caught, else of any
  bool has_caught = false;
};

class Table {
 public:
  void add(const Mutant& mutant, const Verdict& verdict) {
    const std::lock_guard lock(mutex_);
    Row& row = rows_[mutant.kind];
    ++row.by[verdict.by.empty() ? "LIVES" : verdict.by];
    ++total_[verdict.by.empty()             ? "live"
             : verdict.by == kNoEffect      ? "without effect"
             : verdict.by == kUnread        ? "reading other words that nobody needs"
             : verdict.by == kEqual         ? "reading equal words"
             : verdict.by.starts_with("tw") ? "refused by the twin"
                                            : "seen in the bytes"];
    const bool is_caught = verdict.by == "bytes" || verdict.by.starts_with("twin");
    if (row.message.empty() || (is_caught && !row.has_caught)) row.message = verdict.message;
    row.has_caught |= is_caught;
    if (verdict.by.empty()) living_.push_back(line_of(mutant));
  }
  void print(const std::string& list) {
    std::printf("\n%s\n%-34s | %s\n", list.c_str(), "mutation", "caught by (mutants); a message");
    for (const auto& [kind, row] : rows_) {
      std::string by;
      for (const auto& [what, count] : row.by)
        by += text(by.empty() ? "" : ", ", what, " (", count, ")");
      std::printf("%-34s | %s; %.140s\n", kind.c_str(), by.c_str(), row.message.c_str());
    }
    for (const std::string& line : living_) std::printf("LIVES: %s\n", line.c_str());
    std::string all;
    for (const auto& [what, count] : total_) all += text(all.empty() ? "" : ", ", count, " ", what);
    std::printf("%s: %s\n", list.c_str(), all.c_str());
  }
  bool all_caught() const { return living_.empty(); }

 private:
  std::mutex mutex_;
  std::map<std::string, Row> rows_;
  std::map<std::string, size_t> total_;
  std::vector<std::string> living_;
};

// Mutants with that text, of these each `every`-th.
struct Selection {
  size_t every = 1;
  std::string like;
};

// False if a mutant lives. Adds how many there were.
bool mutate(const Subject& subject, const Selection& selection, size_t& count) {
  std::vector<Mutant> mutants, all = mutants_of(subject.run.words(), TwinMemory::kArguments);
  std::erase_if(all, [&](const Mutant& mutant) {
    return line_of(mutant).find(selection.like) == std::string::npos;
  });
  for (size_t i = 0; i < all.size(); i += selection.every * subject.every)
    mutants.push_back(all[i]);
  if (mutants.empty()) return true;
  count += mutants.size();
  Table table;
  std::atomic<size_t> next{0};
  std::atomic<bool> is_wrong{false};
  const auto work = [&] {
    Judge judge(subject);
    if (!judge.fault().empty()) {
      is_wrong = true;
      std::cerr << subject.run.name() << ": as it was recorded: " << judge.fault() << "\n";
      return;
    }
    for (size_t i = next++; i < mutants.size(); i = next++)
      table.add(mutants[i], judge.judge(mutants[i]));
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back(work);
  threads.clear();
  table.print(text(subject.run.name(), ", ", mutants.size(), " of ", all.size(), " mutants"));
  return table.all_caught() && !is_wrong;
}

bool mutate_all(const Selection& selection) {
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 3;
  auto network = random_network(1);
  if (!network) return false;
  ArrayModel model(small_lists(), *std::move(network), limits);
  if (!model.ready()) return false;
  Random random(7);
  std::vector<float> mel(size_t{2} * kPositions * 80);
  for (float& x : mel) x = random.next();
  model.write_mel(kListEncoder, mel);

  bool ok = true;
  size_t count = 0;
  const auto run = [&](size_t list, std::span<const npu::Row> rows, size_t part) {
    const auto on_cores = [&] { rows.empty() ? model.encode(list) : model.step(list, rows); };
    auto made = ListOnTwin::make(model, limits, list, rows, on_cores);
    EXPECT_TRUE(made) << made.error().message;
    const bool encodes = list == kListEncoder || list == kListCross;
    if (made && part > 0)
      ok &= mutate({*std::move(made),
                    encodes ? kernels::Program::kEncoder : kernels::Program::kDecoder, part},
                   selection, count);
  };
  run(kListEncoder, {}, 61);
  run(kListCross, {}, 7);
  const npu::Row prompt[] = {{11, 0, 0, 0}, {4321, 1, 0, 0}, {99, 0, 1, 0}, {98, 0, 2, 0}};
  run(kListStep, prompt, 0);
  const npu::Row one[] = {{77, 2, 0, 0}};
  run(kListStep, one, 1);
  const npu::Row beams[] = {{5, 3, 0, 0}, {6, 1, 1, 0}, {7, 1, 2, 0}};
  run(kListAlign, beams, 29);
  if (count == 0) std::cerr << "no mutant has the text '" << selection.like << "'\n";
  return ok && count > 0;
}

}  // namespace
}  // namespace npu::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  npu::testing::Selection selection;
  bool is_clear = argc % 2 == 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--every")
      selection.every = std::strtoul(argv[i + 1], nullptr, 10);
    else if (option == "--like")
      selection.like = argv[i + 1];
    else
      is_clear = false;
  }
  if (selection.every == 0 || !is_clear) {
    std::cerr << "usage: mutate_streams [--every N] [--like TEXT]\n";
    return 2;
  }
  const bool ok = npu::testing::mutate_all(selection);
  return ok && !::testing::Test::HasFailure() ? 0 : 1;
}
