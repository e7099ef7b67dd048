// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "device/cpu/best_list.h"
#include "device/cpu/kernels.h"

namespace npu::cpu {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();
constexpr size_t kChunkPanels = 32;
constexpr size_t kChunk = kChunkPanels * kPanelCols;  // ids

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

// Logits begin..end of a chunk; masked ones are -inf.
struct Reduced {
  PartialSum partial;
  std::array<float, kMaxima> maxima;
};
Reduced reduce(const float* logits, size_t begin, size_t end, const Ahead& ahead) {
  Reduced reduced;
  maxima(logits, begin, end, reduced.maxima.data());
  const float max = *std::max_element(reduced.maxima.begin(), reduced.maxima.end());
  reduced.partial = {max, 0};
  if (max > kNone) reduced.partial.sum = sum_of_exponentials(logits, begin, end, max, ahead);
  return reduced;
}

float log_sum_exp(const PartialSum& total) {
  return total.sum > 0 ? static_cast<float>(total.max + std::log(total.sum)) : kNone;
}

void join(PartialSum& total, const PartialSum& part) {
  if (!(part.sum > 0)) return;
  if (part.max > total.max) {
    total.sum = total.sum * std::exp(double{total.max} - part.max) + part.sum;
    total.max = part.max;
  } else {
    total.sum += part.sum * std::exp(double{part.max} - total.max);
  }
}

// The chunk of ids first..first + ids of one request.
class Chunk {
 public:
  // Fetches `ahead` while it reduces them.
  Chunk(float* logits, size_t first, size_t ids, const Ahead& ahead)
      : logits_(logits), first_(first), ids_(ids), ahead_(ahead) {}

  // What needs the raw logits.
  void raw(const ScoreRequest& request, ScoreResult& result, ChunkScore& score) const {
    if (request.raw_log_sum_exp) score.raw = reduce(logits_, 0, ids_, {}).partial;
    if (request.full_row)
      std::memcpy(result.full_row.data() + first_, logits_, ids_ * sizeof(float));
    for (size_t n = 0; n < request.named.size(); ++n)
      if (size(request.named[n]) - first_ < ids_)
        result.named[n] = logits_[size(request.named[n]) - first_];
  }

  void mask(const TokenSet& mask) {
    const auto words = mask.words();
    for (size_t word = first_ / 64; word < std::min((first_ + ids_ + 63) / 64, words.size());
         ++word)
      for (uint64_t bits = words[word]; bits != 0; bits &= bits - 1) {
        const size_t id = word * 64 + static_cast<size_t>(__builtin_ctzll(bits));
        if (id < first_ + ids_) logits_[id - first_] = kNone;
      }
  }

  // Adds what is among the best of the range to `best`, and returns its part of the sum.
  PartialSum group(IdRange range, BestList best) const {
    const size_t begin = std::clamp(size(range.begin), first_, first_ + ids_) - first_;
    const size_t end = std::clamp(size(range.end), first_, first_ + ids_) - first_;
    if (begin >= end) return {kNone, 0};
    Reduced reduced = reduce(logits_, begin, end, ahead_);
    const float max = reduced.partial.max;
    if (!(max > kNone) || max < best.least()) return reduced.partial;
    float least = best.full() ? best.least() : at_least(reduced, best.most());
    for (size_t i = begin; (i = first_above(logits_, i, end, std::nextafter(least, kNone))) < end;
         ++i) {
      best.add({static_cast<int>(first_ + i), logits_[i]});
      least = std::max(least, best.least());
    }
    return reduced.partial;
  }

 private:
  // What the best `most` are at least, as the largest of parts say.
  static float at_least(Reduced& reduced, size_t most) {
    if (most == 1) return reduced.partial.max;
    auto& maxima = reduced.maxima;
    if (most > maxima.size()) return kNone;
    std::nth_element(maxima.begin(), maxima.begin() + most - 1, maxima.end(), std::greater<>());
    return maxima[most - 1];
  }

  float* logits_;
  size_t first_;
  size_t ids_;
  Ahead ahead_;
};

// One pass over the weights for at most kScoreRows requests.
class Pass {
 public:
  Pass(Logits& logits, std::span<const ScoreRequest> requests, std::span<ScoreResult> results,
       ScoreScratch& scratch, size_t threads)
      : logits_(logits),
        requests_(requests),
        results_(results),
        scratch_(scratch),
        threads_(threads) {
    for (const ScoreRequest& request : requests) most_ = std::max(most_, size(request.top_k));
    const size_t lists = threads * requests.size() * kScoreGroups;
    if (scratch_.chunks.size() < chunks() * requests.size())
      scratch_.chunks.resize(chunks() * requests.size());
    if (scratch_.candidates.size() < lists * most_) scratch_.candidates.resize(lists * most_);
    scratch_.found.assign(lists, 0);
  }

  size_t chunks() const { return (logits_.vocabulary() + kChunk - 1) / kChunk; }

  // Takes the rows and makes room for the answers.
  void prepare(const Matrix& in) {
    logits_.begin(in, requests_);
    for (size_t r = 0; r < requests_.size(); ++r) {
      results_[r].named.resize(requests_[r].named.size());
      results_[r].full_row.resize(requests_[r].full_row ? logits_.vocabulary() : 0);
    }
  }

  void reduce_chunk(size_t chunk, float* logits, size_t thread) {
    const size_t first = chunk * kChunk, ids = std::min(kChunk, logits_.vocabulary() - first);
    logits_.compute(chunk * kChunkPanels, (ids + kPanelCols - 1) / kPanelCols, logits, kChunk);
    const Ahead next = logits_.ahead((chunk + 1) * kChunkPanels);
    for (size_t r = 0; r < requests_.size(); ++r) {
      const ScoreRequest& request = requests_[r];
      ChunkScore& score = scratch_.chunks[chunk * requests_.size() + r];
      Chunk reduction(logits + r * kChunk, first, ids, next.part(r, requests_.size()));
      reduction.raw(request, results_[r], score);
      if (request.mask) reduction.mask(*request.mask);
      for (size_t group = 0; group < kScoreGroups; ++group)
        score.groups[group] = reduction.group(request.ranges[group], best(thread, r, group));
    }
  }

  void finish() {
    for (size_t r = 0; r < requests_.size(); ++r) {
      PartialSum raw{kNone, 0};
      for (size_t chunk = 0; chunk < chunks() && requests_[r].raw_log_sum_exp; ++chunk)
        join(raw, scratch_.chunks[chunk * requests_.size() + r].raw);
      results_[r].raw_log_sum_exp = requests_[r].raw_log_sum_exp ? log_sum_exp(raw) : 0;
      for (size_t group = 0; group < kScoreGroups; ++group) join_group(r, group);
    }
  }

 private:
  // What a thread has found for a group of a request.
  BestList best(size_t thread, size_t request, size_t group) {
    const size_t index = (thread * requests_.size() + request) * kScoreGroups + group;
    return {{scratch_.candidates.data() + index * most_, size(requests_[request].top_k)},
            scratch_.found[index]};
  }

  void join_group(size_t request, size_t group) {
    GroupScore& result = results_[request].groups[group];
    PartialSum sum{kNone, 0};
    for (size_t chunk = 0; chunk < chunks(); ++chunk)
      join(sum, scratch_.chunks[chunk * requests_.size() + request].groups[group]);
    result.log_sum_exp = log_sum_exp(sum);
    size_t count = 0;
    result.top.resize(size(requests_[request].top_k));
    BestList all(result.top, count);
    for (size_t thread = 0; thread < threads_; ++thread)
      for (const Candidate& candidate : best(thread, request, group).found()) all.add(candidate);
    result.top.resize(count);
  }

  Logits& logits_;
  std::span<const ScoreRequest> requests_;
  std::span<ScoreResult> results_;
  ScoreScratch& scratch_;
  size_t threads_;
  size_t most_ = 0;
};

}  // namespace

size_t ScoreScratch::thread_size() {
  return kScoreRows * kChunk;
}

bool score_rows(const Matrix& in, Logits& logits, std::span<const ScoreRequest> requests,
                std::span<ScoreResult> results, Turn& turn, ScoreScratch& scratch,
                std::span<FloatArray> thread_scratch) {
  for (size_t first = 0; first < requests.size(); first += kScoreRows) {
    const size_t count = std::min(kScoreRows, requests.size() - first);
    Pass pass(logits, requests.subspan(first, count), results.subspan(first, count), scratch,
              turn.threads());
    pass.prepare(in);
    if (!turn.run(pass.chunks(), [&](size_t chunk, size_t thread) {
          pass.reduce_chunk(chunk, thread_scratch[thread].data(), thread);
        }))
      return false;
    pass.finish();
  }
  return true;
}

}  // namespace npu::cpu
