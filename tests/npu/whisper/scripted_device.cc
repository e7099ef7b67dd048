// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scripted_device.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "whisper/network.h"

namespace npu::testing {
namespace {

Error lost() {
  return Error{ErrorCode::kDeviceLost, "scripted failure"};
}

}  // namespace

void answer(const ScoreRequest& request, std::span<const float> logits, ScoreResult& result) {
  // The best `count` of a range, and its log-sum-exp. Most logits of a script are 0: of those that
  // are, the first can be among the best, and the others are counted.
  const auto reduced = [&](IdRange range, const TokenSet* mask, int count) {
    GroupScore score{{}, -std::numeric_limits<float>::infinity()};
    std::vector<Candidate> all;
    int zeros = 0;
    for (int id = range.begin; id < range.end; ++id) {
      if (mask && mask->contains(id)) continue;
      const float logit = logits[static_cast<size_t>(id)];
      if (logit != 0 || zeros <= count) all.push_back({id, logit});
      zeros += logit == 0;
    }
    if (all.empty()) return score;
    std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
      return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
    });
    const auto exp_of = [&](float logit) {
      return std::exp(static_cast<double>(logit - all[0].logit));
    };
    double sum = zeros > 0 ? zeros * exp_of(0) : 0;
    for (const Candidate& one : all)
      if (one.logit != 0) sum += exp_of(one.logit);
    score.log_sum_exp = static_cast<float>(all[0].logit + std::log(sum));
    all.resize(std::min(all.size(), static_cast<size_t>(count)));
    score.top = all;
    return score;
  };
  for (int group = 0; group < kScoreGroups; ++group)
    result.groups[group] = reduced(request.ranges[group], request.mask, request.top_k);
  result.named.clear();
  for (int id : request.named) result.named.push_back(logits[static_cast<size_t>(id)]);
  if (request.raw_log_sum_exp)
    result.raw_log_sum_exp = reduced({0, static_cast<int>(logits.size())}, nullptr, 0).log_sum_exp;
  result.full_row.clear();
  if (request.full_row) result.full_row.assign(logits.begin(), logits.end());
}

Result<void> ScriptedContext::write(std::string_view buffer, std::span<const float> data) {
  if (script_->calls++ == script_->fail_at) return lost();
  if (buffer != kMelBuffer) return Error{ErrorCode::kInvalidArgument, "no such buffer"};
  mel_.assign(data.begin(), data.end());
  return {};
}

Result<void> ScriptedContext::read(std::string_view, std::span<float>) {
  return Error{ErrorCode::kInvalidArgument, "nothing to read"};
}

Result<void> ScriptedContext::run(size_t list, const Replay& replay, const CancelToken& cancel,
                                  Deadline deadline) {
  if (script_->on_run) script_->on_run();
  NPU_TRY(check_interrupt(cancel, deadline, "scripted run"));
  if (script_->calls++ == script_->fail_at) return lost();
  const bool of_pair = list >= kFitting && list < kWhisperLists;
  if (list == kEncoder || (of_pair && (list - kFitting) % 2 == 0)) {
    script_->positions.push_back(of_pair ? kFewerPositions[(list - kFitting) / 2]
                                         : kAudioPositions);
    script_->mels.push_back(mel_);
    ++script_->windows;
    return {};
  }
  if (list == kCrossKv || of_pair) {
    heard_.at(static_cast<size_t>(replay.store_slot)) = script_->windows - 1;
    return {};
  }
  permute(replay.self_parents);
  std::vector<std::vector<int>> at_row;
  NPU_TRY(append(replay.rows, at_row));
  note_prompts(replay, at_row);
  for (size_t i = 0; i < replay.score.size(); ++i) {
    logits_.assign(static_cast<size_t>(script_->vocabulary), 0.0F);
    const auto row = static_cast<size_t>(replay.score[i].row);
    const int window = heard_.at(static_cast<size_t>(replay.rows[row].cross_slot));
    script_->next(window, at_row[row], logits_);
    answer(replay.score[i], logits_, replay.results[i]);
  }
  // Attention that moves on by 10 positions per token.
  const size_t columns = static_cast<size_t>(limits_.cross_positions);
  for (size_t i = 0; i < replay.alignment.size(); ++i) {
    const Row& row = replay.rows[i / columns % replay.rows.size()];
    replay.alignment[i] = i % columns / 10 == static_cast<size_t>(row.position) ? 9.0F : 0.0F;
  }
  return {};
}

void ScriptedContext::permute(std::span<const int> parents) {
  std::vector<std::vector<int>> moved = histories_;
  for (size_t slot = 0; slot < parents.size(); ++slot)
    moved.at(slot) = histories_.at(static_cast<size_t>(parents[slot]));
  histories_ = moved;
}

Result<void> ScriptedContext::append(std::span<const Row> rows,
                                     std::vector<std::vector<int>>& at_row) {
  if (static_cast<int>(rows.size()) > limits_.max_rows)
    return Error{ErrorCode::kInvalidArgument, "too many rows"};
  for (const Row& row : rows) {
    std::vector<int>& history = histories_.at(static_cast<size_t>(row.self_slot));
    if (row.position < 0 || row.position >= limits_.self_positions ||
        static_cast<size_t>(row.position) > history.size())
      return Error{ErrorCode::kInvalidArgument, text("position ", row.position)};
    history.resize(static_cast<size_t>(row.position));
    history.push_back(row.token);
    at_row.push_back(history);
  }
  return {};
}

// Of each history that begins with this replay. What follows the first row that is asked for
// candidates are guesses.
void ScriptedContext::note_prompts(const Replay& replay,
                                   const std::vector<std::vector<int>>& at_row) {
  for (const Row& row : replay.rows) {
    if (row.position != 0) continue;
    ++script_->prefills;
    const auto chosen =
        std::find_if(replay.score.begin(), replay.score.end(), [&](const ScoreRequest& request) {
          return request.top_k > 0 &&
                 replay.rows[static_cast<size_t>(request.row)].self_slot == row.self_slot;
        });
    script_->prompts.push_back(chosen == replay.score.end()
                                   ? histories_[static_cast<size_t>(row.self_slot)]
                                   : at_row[static_cast<size_t>(chosen->row)]);
  }
}

TokenBytes numbered_words(int vocabulary) {
  TokenBytes tokens;
  for (int id = 0; id < special_tokens(vocabulary).end_of_text; ++id)
    tokens.push_back(id < 256 ? std::string(1, static_cast<char>(id)) : text(" w", id));
  if (vocabulary > 51864) tokens[50256].clear();
  return tokens;
}

std::shared_ptr<const Model> scripted_model(const std::shared_ptr<Script>& script) {
  return Model::create(std::make_unique<NumberedWordsFile>(script->vocabulary),
                       std::make_unique<ScriptedDevice>(script), Precision::kF32, {}, {})
      .value();
}

}  // namespace npu::testing
