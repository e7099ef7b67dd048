// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/quantise.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include "gelu/gelu.h"
#include "layer_norm/layer_norm.h"
#include "numerics/fine.h"
#include "numerics/requantise.h"
#include "quantised/factors.h"
#include "quantised/folded_weights.h"
#include "quantised/graph.h"
#include "quantised/input_steps.h"

namespace npu::quantised {
namespace {

constexpr unsigned kMostShift = kernels::kMaxRequantiseShift;
constexpr unsigned kMostOutShift = 30;  // of what comes from a table or a norm
constexpr uint8_t kMostResidualShift = 15;
constexpr double kHeadroom = 1.3;            // of the residual stream, beyond what calibration saw
constexpr double kMostBias = (1 << 29) - 1;  // fine/fine.h
constexpr unsigned kMostGain = 8;            // of attention, for int8
constexpr double kNormUnit = 1 << kernels::kNormBits;
constexpr double kNormEpsilon = 1e-5;
// With a finer step a norm's epsilon would not fit (layer_norm.h); it drowns such streams anyway.
constexpr double kLeastStreamStep = 1e-7;

class Quantiser {
 public:
  Quantiser(const Graph& graph, WeightSource& source, const ActivationStats& stats,
            const QuantiseOptions& options, const CancelToken& cancel)
      : graph_(graph), folder_(graph, source), stats_(stats), options_(options), cancel_(cancel) {}

  Result<Network> run() {
    NPU_TRY(find_residual_steps());
    NPU_TRY(fill_attentions());
    NPU_TRY(fill_input_steps());
    for (const auto& [name, norm] : graph_.norms) fill_norm(norm);
    for (const auto& [name, product] : graph_.products) NPU_TRY(fill_product(product));
    NPU_TRY(fill_vocabulary());
    NPU_TRY(fill_embedding());
    NPU_TRY(fill_encoded());
    network_.steps = steps_;
    return std::move(network_);
  }

 private:
  using Steps = std::vector<float>;

  Result<const ChannelStats*> seen(const std::string& name) {
    const ChannelStats* found = stats_.find(name);
    if (found) return found;
    return Error{ErrorCode::kInvalidArgument, text("calibration: expected to have seen ", name,
                                                   ", found nothing: it needs speech "
                                                   "that is decoded to text")};
  }

  Input input_of(const std::string& name) const {
    return options_.input ? options_.input(name) : default_input(name);
  }

  // A stream's step fits what it has held so far, and grows by powers of two.
  Result<void> find_residual_steps() {
    for (const auto& names : graph_.residuals) {
      double step = 0;
      for (const std::string& name : names) {
        NPU_TRY_ASSIGN(const ChannelStats* stats, seen(name));
        const double wanted = std::max(kHeadroom * stats->greatest() / 32767, kLeastStreamStep);
        if (step == 0) step = wanted;
        uint8_t& shift = residual_shift_[name] = 0;
        for (; step < wanted && shift < kMostResidualShift; ++shift) step *= 2;
        steps_[name] = {static_cast<float>(step)};
      }
    }
    return {};
  }

  // Steps of q, k and v, and what follows from them. Within a head the steps of q and k must have
  // the same product in every dimension.
  Result<void> fill_attentions() {
    for (const AttentionUse& use : graph_.attentions) {
      NPU_TRY_ASSIGN(const ChannelStats* q, seen(use.q));
      NPU_TRY_ASSIGN(const ChannelStats* k, seen(use.k));
      NPU_TRY_ASSIGN(const ChannelStats* v, seen(use.v));
      NPU_TRY_ASSIGN(const ChannelStats* out, seen(use.name()));
      const size_t heads = static_cast<size_t>(use.heads), width = q->channels();
      if (width != heads * kHeadSize)
        return Error{ErrorCode::kUnsupported, text(use.q, ": expected heads of ", kHeadSize,
                                                   " columns, found ", width, " for ", heads)};
      Attention attention;
      attention.output = input_of(use.name());
      const auto q_range = best_ranges(*q), k_range = best_ranges(*k);
      Steps& q_steps = steps_[use.q] = Steps(width);
      Steps& k_steps = steps_[use.k] = Steps(width);
      for (size_t head = 0; head < heads; ++head) {
        double most = 1e-12;
        const auto product = [&](size_t c) {
          return std::max(double{q_range[c]}, 1e-6) * std::max(double{k_range[c]}, 1e-6);
        };
        for (size_t c = head * kHeadSize; c < (head + 1) * kHeadSize; ++c)
          most = std::max(most, product(c));
        for (size_t c = head * kHeadSize; c < (head + 1) * kHeadSize; ++c) {
          const double spare = std::sqrt(most / product(c));
          q_steps[c] = static_cast<float>(std::max(double{q_range[c]}, 1e-6) * spare / 127);
          k_steps[c] = static_cast<float>(std::max(double{k_range[c]}, 1e-6) * spare / 127);
        }
        const double unit =
            most / (127.0 * 127.0) * std::numbers::log2e / std::sqrt(kHeadSize) * 256;
        const double factor[1] = {unit};
        const Factors made = make_factors(factor, kMostShift);
        attention.mult.push_back(made.mult[0]);
        attention.shift.push_back(made.shift[0]);
      }
      fill_values(*v, *out, use, attention);
      network_.attentions[use.q] = attention;
    }
    return {};
  }

  void fill_values(const ChannelStats& v, const ChannelStats& out, const AttentionUse& use,
                   Attention& attention) {
    Steps& steps = steps_[use.v] = Steps(v.channels());
    const float floor = v.greatest() * 1e-4F + 1e-9F;
    double room = HUGE_VAL;
    for (size_t c = 0; c < steps.size(); ++c) {
      const float peak = std::max(v.peak[c], floor);
      steps[c] = peak / 127;
      room = std::min(room, double{peak} / std::max(out.peak[c], floor));
    }
    unsigned gain = 0;
    while (gain < kMostGain && std::ldexp(1.1, static_cast<int>(gain) + 1) <= room) ++gain;
    if (attention.output == Input::kFine) gain += kernels::kFineBits;
    attention.gain = static_cast<uint8_t>(gain);
    Steps& attended = steps_[use.name()] = steps;
    for (float& step : attended) step = std::ldexp(step, -static_cast<int>(gain));
  }

  // Steps of what norms and GELUs make, by what reads it.
  Result<void> fill_input_steps() {
    std::map<std::string, std::vector<const Product*>> readers;
    for (const auto& [name, product] : graph_.products) readers[product.in].push_back(&product);
    readers[graph_.score_in];
    for (const auto& [name, products] : readers) {
      NPU_TRY(check_interrupt(cancel_, Deadline(), "quantising the model"));
      if (steps_.contains(name)) {  // attention's are fixed
        report({name, input_of(name), 0, 0});
        continue;
      }
      if (name.empty()) {  // the features
        steps_[name] = Steps(products.front()->weight.shape[1], static_cast<float>(kMelStep));
        continue;
      }
      std::vector<std::vector<float>> weights;
      for (const Product* product : products) {
        NPU_TRY_ASSIGN(auto folded, folder_.product(*product));
        weights.push_back(std::move(folded.weights));
      }
      if (name == graph_.score_in) {
        NPU_TRY_ASSIGN(auto folded, folder_.vocabulary());
        weights.push_back(std::move(folded.weights));
      }
      NPU_TRY_ASSIGN(const ChannelStats* stats, seen(name));
      std::vector<Reader> spans;
      for (const auto& values : weights)
        spans.push_back({values, values.size() / stats->channels()});
      InputSteps chosen = choose_steps(*stats, spans, input_of(name));
      report({name, input_of(name), chosen.exponent, chosen.noise});
      steps_[name] = std::move(chosen.steps);
    }
    return {};
  }

  void report(InputReport of) const {
    if (const auto* stats = stats_.find(of.name)) {
      auto peaks = stats->peak;
      std::sort(peaks.begin(), peaks.end());
      of.greatest = stats->greatest();
      of.median_channel = peaks[peaks.size() / 2];
      of.high_channel = peaks[peaks.size() * 99 / 100];
    }
    if (options_.report) options_.report(of);
  }

  // Gains and offsets are in the weights that read the norm: what is left of it is its steps.
  void fill_norm(const NormUse& use) {
    const Steps& steps = steps_[use.name];
    const double width = static_cast<double>(steps.size()), unit = steps_[use.in].front();
    Norm norm;
    norm.output = input_of(use.name);
    norm.epsilon = std::max<int64_t>(1, std::llround(kNormEpsilon / (unit * unit) * width * width));
    norm.beta.resize(steps.size());
    std::vector<double> gains(steps.size());
    for (size_t c = 0; c < steps.size(); ++c) gains[c] = 1 / (kNormUnit * steps[c]);
    Factors factors = make_factors(gains, kMostOutShift, gains.size());
    norm.gamma = std::move(factors.mult);
    norm.out_shift = factors.shift.front();
    network_.norms[use.name] = std::move(norm);
  }

  // Weights and bias; returns the step of each output.
  Matrix quantise_matrix(const FoldedWeights& folded, const Steps& steps, Input input,
                         std::vector<double>& output_steps) {
    const auto& [values, bias] = folded;
    const size_t rows = bias.size();
    Matrix matrix;
    matrix.rows = static_cast<uint32_t>(rows);
    matrix.cols = static_cast<uint32_t>(values.size() / rows);
    matrix.input = input;
    matrix.weights.resize(values.size());
    matrix.bias.resize(rows);
    output_steps.resize(rows);
    Steps by_column(matrix.cols);
    for (size_t c = 0; c < by_column.size(); ++c) by_column[c] = steps[c % steps.size()];
    for (size_t row = 0; row < rows; ++row) {
      const auto from = std::span(values).subspan(row * matrix.cols, matrix.cols);
      const auto to = std::span(matrix.weights).subspan(row * matrix.cols, matrix.cols);
      double step = quantise_weights(from, by_column, to);
      const double offset = bias[row];
      // A bias that is far beyond the products would not fit into their sums.
      const double least = std::max(std::abs(offset) / kMostBias, 1e-30);
      if (step < least) {
        for (size_t c = 0; c < from.size(); ++c)
          to[c] = static_cast<int8_t>(std::nearbyint(from[c] * by_column[c] / least));
        step = least;
      }
      matrix.bias[row] = static_cast<int32_t>(std::nearbyint(offset / step));
      output_steps[row] = step;
    }
    return matrix;
  }

  Result<void> fill_product(const Product& product) {
    NPU_TRY(check_interrupt(cancel_, Deadline(), "quantising the model"));
    NPU_TRY_ASSIGN(const FoldedWeights folded, folder_.product(product));
    std::vector<double> units;
    const Input input = product.in.empty() ? Input::kFine : input_of(product.in);
    Matrix matrix = quantise_matrix(folded, steps_[product.in], input, units);
    std::vector<double> out(units.size());
    const auto to_output = [&](size_t row) {
      const Steps& steps = steps_[product.name];
      return double{steps[row % steps.size()]};
    };
    if (product.gelu) {
      matrix.gelu = true;
      for (size_t row = 0; row < out.size(); ++row) out[row] = kernels::kGeluStep / to_output(row);
      matrix.gelu_out = make_factors(out, kMostOutShift);
    }
    for (size_t row = 0; row < out.size(); ++row)
      out[row] = units[row] / (product.gelu ? kernels::kGeluStep : to_output(row));
    matrix.out = make_factors(out, kMostShift);
    if (product.residual) matrix.residual_shift = residual_shift_[product.name];
    network_.matrices[product.name] = std::move(matrix);
    if (product.positions)
      NPU_TRY(fill_positions(*product.positions, steps_[product.name].front()));
    return {};
  }

  Result<void> fill_positions(const WeightRef& ref, double step) {
    NPU_TRY_ASSIGN(const auto values, folder_.stream_rows(ref));
    std::vector<int16_t>& table = network_.positions[short_name(ref)];
    table.resize(values.size());
    for (size_t i = 0; i < values.size(); ++i)
      table[i] =
          static_cast<int16_t>(std::clamp(std::nearbyint(values[i] / step), -32768.0, 32767.0));
    return {};
  }

  Result<void> fill_vocabulary() {
    NPU_TRY_ASSIGN(const FoldedWeights folded, folder_.vocabulary());
    std::vector<double> units;
    Matrix matrix =
        quantise_matrix(folded, steps_[graph_.score_in], input_of(graph_.score_in), units);
    for (double& unit : units) unit = std::ldexp(unit, static_cast<int>(kLogitBits));
    matrix.out = make_factors(units, kMostShift);
    network_.matrices[short_name(*graph_.vocabulary)] = std::move(matrix);
    return {};
  }

  Result<void> fill_embedding() {
    NPU_TRY_ASSIGN(const auto tokens, folder_.stream_rows(*graph_.vocabulary));
    const double stream = steps_[short_name(*graph_.vocabulary)].front();
    const size_t width = graph_.vocabulary->shape[1];
    const Steps plain(width, 1);
    Embedding& embedding = network_.embedding;
    embedding.weights.resize(tokens.size());
    for (size_t first = 0; first < tokens.size(); first += width) {
      const double step = quantise_weights(std::span(tokens).subspan(first, width), plain,
                                           std::span(embedding.weights).subspan(first, width));
      const double factor[1] = {step / stream};
      const Factors made = make_factors(factor, kMostOutShift);
      embedding.mult.push_back(made.mult[0]);
      embedding.shift.push_back(made.shift[0]);
    }
    return fill_positions(graph_.positions, stream);
  }

  Result<void> fill_encoded() {
    NPU_TRY_ASSIGN(FoldedWeights folded, folder_.encoded());
    network_.encoded = graph_.encoded;
    network_.encoded_matrix = std::move(folded.weights);
    network_.encoded_offset = std::move(folded.bias);
    return {};
  }

  const Graph& graph_;
  WeightFolder folder_;
  const ActivationStats& stats_;
  const QuantiseOptions& options_;
  const CancelToken& cancel_;
  Network network_;
  std::map<std::string, Steps> steps_;  // of the channels of each int8 or fine activation
  std::map<std::string, uint8_t> residual_shift_;
};

}  // namespace

Input default_input(const std::string& name) {
  const bool fine = name.empty() || name.ends_with("/attended") || name.ends_with(".mlp.0") ||
                    name.ends_with(".conv1") || name.ends_with(".conv2");
  return fine ? Input::kFine : Input::kInt8;
}

Result<Network> quantise(std::span<const OpList* const> lists, WeightSource& source,
                         const ActivationStats& stats, const QuantiseOptions& options,
                         const CancelToken& cancel) {
  NPU_TRY_ASSIGN(const Graph graph, read_graph(lists));
  return Quantiser(graph, source, stats, options, cancel).run();
}

}  // namespace npu::quantised
