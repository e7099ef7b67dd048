// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tiled_context.h"

#include <cmath>
#include <numeric>

#include "device/check.h"
#include "tiled_matrix.h"
#include "tiled_score.h"

namespace npu::testing {
namespace {

using Rows = std::vector<float>;

size_t size(int extent) {
  return static_cast<size_t>(extent);
}

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

float dot(const float* a, const float* b, size_t count) {
  float sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = std::accumulate(std::begin(sums), std::end(sums), 0.0f);
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// Keys and values of one history or window: one row per position.
struct Memory {
  TiledMatrix keys, values;
};

// The first rows of a memory, out of their tiles.
struct Seen {
  Seen(const Memory& memory, size_t positions) {
    for (size_t p = 0; p < positions; ++p) {
      keys.push_back(memory.keys.row(p));
      values.push_back(memory.values.row(p));
    }
  }
  std::vector<Rows> keys, values;
};

// Attention of one query row, head by head.
Rows attend(const Rows& q, const Seen& seen, int heads) {
  const size_t head_size = q.size() / size(heads), positions = seen.keys.size();
  const double scale = 1 / std::sqrt(static_cast<double>(head_size));
  std::vector<double> weights(positions * size(heads)), out(q.size()), sums(size(heads));
  for (size_t p = 0; p < positions; ++p) {
    const Rows& key = seen.keys[p];
    for (size_t h = 0; h < size(heads); ++h)
      weights[h * positions + p] =
          scale * dot(q.data() + h * head_size, key.data() + h * head_size, head_size);
  }
  for (size_t h = 0; h < size(heads); ++h) {
    const auto begin = weights.begin() + static_cast<long>(h * positions);
    const double max = *std::max_element(begin, begin + static_cast<long>(positions));
    for (auto x = begin; x != begin + static_cast<long>(positions); ++x)
      sums[h] += * x = std::exp(*x - max);
  }
  for (size_t p = 0; p < positions; ++p) {
    const Rows& value = seen.values[p];
    for (size_t c = 0; c < q.size(); ++c)
      out[c] += weights[c / head_size * positions + p] * value[c];
  }
  Rows result(q.size());
  for (size_t c = 0; c < q.size(); ++c)
    result[c] = static_cast<float>(out[c] / sums[c / head_size]);
  return result;
}

class TiledContext : public Context {
 public:
  TiledContext(const std::vector<OpList>& lists, const TiledWeights& weights,
               const ContextLimits& limits)
      : lists_(lists),
        weights_(weights),
        limits_(limits),
        lengths_(size(limits.self_slots)),
        self_(size(limits.self_slots)),
        cross_(size(limits.cross_slots)) {
    for (const OpList& list : lists)
      for (const Value& value : list.values)
        if (!value.buffer.empty()) {
          const size_t rows = rows_of(value, size(limits.max_rows));
          TiledMatrix& buffer =
              buffers_.try_emplace(value.buffer, rows, size(value.cols)).first->second;
          if (buffer.rows() < rows) buffer = TiledMatrix(rows, size(value.cols));
        }
  }

  Result<void> write(std::string_view buffer, std::span<const float> data) override {
    NPU_TRY_ASSIGN(TiledMatrix * to, find(buffer, data.size()));
    for (size_t r = 0; r < to->rows(); ++r)
      to->set_row(r, data.subspan(r * to->cols(), to->cols()));
    return {};
  }
  Result<void> read(std::string_view buffer, std::span<float> data) override {
    NPU_TRY_ASSIGN(const TiledMatrix* from, find(buffer, data.size()));
    for (size_t r = 0; r < from->rows(); ++r) {
      const Rows row = from->row(r);
      std::copy(row.begin(), row.end(), data.begin() + static_cast<long>(r * from->cols()));
    }
    return {};
  }

  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override {
    if (list >= lists_.size()) return Error{ErrorCode::kInvalidArgument, "there is no such list"};
    const OpList& ops = lists_[list];
    NPU_TRY(check_replay(ops, limits_, replay, lengths_));
    const auto before_lengths = lengths_;
    const auto before = self_;
    auto result = replay_list(ops, replay, cancel, deadline);
    if (!result) {
      lengths_ = before_lengths;
      self_ = before;
    }
    return result;
  }

 private:
  static size_t rows_of(const Value& value, size_t table_rows) {
    return value.rows == kTableRows ? table_rows : size(value.rows);
  }

  Result<TiledMatrix*> find(std::string_view name, size_t floats) {
    const auto found = buffers_.find(name);
    const bool exists = found != buffers_.end();
    NPU_TRY(check_buffer(exists, name, exists ? found->second.rows() : 0,
                         exists ? found->second.cols() : 0, floats));
    return &found->second;
  }

  Result<void> replay_list(const OpList& list, const Replay& replay, const CancelToken& cancel,
                           Deadline deadline) {
    list_ = &list;
    replay_ = &replay;
    alignment_head_ = 0;
    temporaries_.clear();
    for (const Value& value : list.values)
      temporaries_.emplace_back(value.buffer.empty() ? rows_of(value, replay.rows.size()) : 0,
                                size(value.cols));
    const auto lengths = lengths_;
    const auto self = self_;
    for (size_t slot = 0; slot < replay.self_parents.size(); ++slot) {
      lengths_[slot] = lengths[size(replay.self_parents[slot])];
      self_[slot] = self[size(replay.self_parents[slot])];
    }
    for (const Op& op : list.ops) {
      NPU_TRY(check_interrupt(cancel, deadline, list.name.c_str()));
      std::visit([&](const auto& kind) { execute(kind); }, op);
    }
    NPU_TRY(check_interrupt(cancel, deadline, list.name.c_str()));
    return {};
  }

  TiledMatrix& value(ValueId id) {
    const std::string& buffer = list_->values[size(id)].buffer;
    return buffer.empty() ? temporaries_[size(id)] : buffers_.find(buffer)->second;
  }
  // Rows that this replay computes; a buffer may have more.
  size_t rows(ValueId id) const { return rows_of(list_->values[size(id)], replay_->rows.size()); }
  const Rows& weight(const WeightRef& ref) const { return weights_.at(ref.name); }

  void execute(const Linear& op) {
    const Rows& weights = weight(op.weight);
    for (size_t r = 0; r < rows(op.out); ++r) {
      const Rows in = value(op.in).row(r);
      Rows out(value(op.out).cols());
      for (size_t c = 0; c < out.size(); ++c) {
        double y = dot(in.data(), weights.data() + c * in.size(), in.size());
        if (op.bias) y += weight(*op.bias)[c];
        out[c] = static_cast<float>(op.gelu ? gelu(y) : y);
      }
      if (op.residual) {
        const Rows residual = value(*op.residual).row(r);
        for (size_t c = 0; c < out.size(); ++c) out[c] += residual[c];
      }
      value(op.out).set_row(r, out);
    }
  }

  void execute(const Convolution& op) {
    const TiledMatrix& in = value(op.in);
    const Rows& weights = weight(op.weight);
    for (size_t t = 0; t < rows(op.out); ++t) {
      // [in][3], as the weights are
      Rows inputs(in.cols() * 3);
      for (size_t tap = 0; tap < 3; ++tap) {
        const size_t from = size(op.stride) * t + tap;
        if (from == 0 || from > rows(op.in)) continue;
        const Rows row = in.row(from - 1);
        for (size_t c = 0; c < row.size(); ++c) inputs[c * 3 + tap] = row[c];
      }
      Rows out(value(op.out).cols());
      for (size_t c = 0; c < out.size(); ++c) {
        const double y =
            weight(op.bias)[c] +
            double{dot(inputs.data(), weights.data() + c * inputs.size(), inputs.size())};
        out[c] = static_cast<float>(op.gelu ? gelu(y) : y);
        if (op.positions) out[c] += weight(*op.positions)[t * out.size() + c];
      }
      value(op.out).set_row(t, out);
    }
  }

  void execute(const LayerNorm& op) {
    for (size_t r = 0; r < rows(op.out); ++r) {
      Rows x = value(op.in).row(r);
      const double count = static_cast<double>(x.size());
      const double mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
      double variance = 0;
      for (const float element : x) variance += (element - mean) * (element - mean) / count;
      for (size_t c = 0; c < x.size(); ++c)
        x[c] = static_cast<float>((x[c] - mean) / std::sqrt(variance + 1e-5) * weight(op.gain)[c] +
                                  weight(op.bias)[c]);
      value(op.out).set_row(r, x);
    }
  }

  void execute(const Attention& op) {
    const Seen seen({value(op.k), value(op.v)}, rows(op.k));
    for (size_t r = 0; r < rows(op.out); ++r)
      value(op.out).set_row(r, attend(value(op.q).row(r), seen, op.heads));
  }

  void execute(const SelfAttention& op) {
    for (size_t r = 0; r < rows(op.out); ++r) {
      const Row& row = replay_->rows[r];
      Memory& memory = layer_of(self_[size(row.self_slot)], op.layer, limits_.self_positions,
                                value(op.k).cols());
      memory.keys.set_row(size(row.position), value(op.k).row(r));
      memory.values.set_row(size(row.position), value(op.v).row(r));
      lengths_[size(row.self_slot)] = row.position + 1;
    }
    for (size_t r = 0; r < rows(op.out); ++r) {
      const Row& row = replay_->rows[r];
      const Seen seen(self_[size(row.self_slot)][size(op.layer)], size(row.position) + 1);
      value(op.out).set_row(r, attend(value(op.q).row(r), seen, op.heads));
    }
  }

  void execute(const StoreCross& op) {
    const size_t cols = value(op.k).cols();
    Memory stored{TiledMatrix(rows(op.k), cols), TiledMatrix(rows(op.k), cols)};
    for (size_t r = 0; r < rows(op.k); ++r) {
      stored.keys.set_row(r, value(op.k).row(r));
      stored.values.set_row(r, value(op.v).row(r));
    }
    layer_of(cross_[size(replay_->store_slot)], op.layer, limits_.cross_positions, cols) =
        std::move(stored);
  }

  void execute(const CrossAttention& op) {
    for (size_t r = 0; r < rows(op.out); ++r) {
      const Memory& memory = layer_of(cross_[size(replay_->rows[r].cross_slot)], op.layer,
                                      limits_.cross_positions, value(op.q).cols());
      value(op.out).set_row(r,
                            attend(value(op.q).row(r), Seen(memory, memory.keys.rows()), op.heads));
    }
  }

  void execute(const Embed& op) {
    const size_t cols = value(op.out).cols();
    for (size_t r = 0; r < rows(op.out); ++r) {
      const Row& row = replay_->rows[r];
      Rows out(cols);
      for (size_t c = 0; c < cols; ++c)
        out[c] = weight(op.tokens)[size(row.token) * cols + c] +
                 weight(op.positions)[size(row.position) * cols + c];
      value(op.out).set_row(r, out);
    }
  }

  void execute(const Score& op) {
    const Rows& tokens = weight(op.tokens);
    for (size_t i = 0; i < replay_->score.size(); ++i) {
      const Rows in = value(op.in).row(size(replay_->score[i].row));
      Rows logits(op.tokens.shape[0]);
      for (size_t id = 0; id < logits.size(); ++id)
        logits[id] = dot(in.data(), tokens.data() + id * in.size(), in.size());
      answer(logits, replay_->score[i], replay_->results[i]);
    }
  }

  void execute(const AlignmentScores& op) {
    const size_t positions = size(limits_.cross_positions);
    for (const int head : op.chosen) {
      for (size_t r = 0; r < rows(op.q); ++r) {
        const Rows q = value(op.q).row(r);
        const size_t head_size = q.size() / size(op.heads), c = size(head) * head_size;
        const Memory& memory = layer_of(cross_[size(replay_->rows[r].cross_slot)], op.layer,
                                        limits_.cross_positions, q.size());
        for (size_t p = 0; p < positions; ++p)
          replay_->alignment[(alignment_head_ * rows(op.q) + r) * positions + p] =
              p < memory.keys.rows() ? dot(q.data() + c, memory.keys.row(p).data() + c, head_size) /
                                           std::sqrt(static_cast<float>(head_size))
                                     : 0;
      }
      ++alignment_head_;
    }
  }

  static Memory& layer_of(std::vector<Memory>& layers, int layer, int positions, size_t cols) {
    if (layers.size() <= size(layer)) layers.resize(size(layer) + 1);
    Memory& memory = layers[size(layer)];
    if (memory.keys.rows() == 0)
      memory = {TiledMatrix(size(positions), cols), TiledMatrix(size(positions), cols)};
    return memory;
  }

  const std::vector<OpList>& lists_;
  const TiledWeights& weights_;
  ContextLimits limits_;
  std::map<std::string, TiledMatrix, std::less<>> buffers_;
  std::vector<int> lengths_;                // of the self slots
  std::vector<std::vector<Memory>> self_;   // by slot, layer
  std::vector<std::vector<Memory>> cross_;  // by slot, layer

  // Of the replay that runs.
  const OpList* list_ = nullptr;
  const Replay* replay_ = nullptr;
  std::vector<TiledMatrix> temporaries_;
  size_t alignment_head_ = 0;
};

}  // namespace

std::unique_ptr<Context> make_tiled_context(const std::vector<OpList>& lists,
                                            const TiledWeights& weights,
                                            const ContextLimits& limits) {
  return std::make_unique<TiledContext>(lists, weights, limits);
}

}  // namespace npu::testing
