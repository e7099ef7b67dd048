// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/vad_model.h"

#include <filesystem>
#include <string_view>
#include <vector>

#include "log.h"
#include "model/model.h"
#include "model/model_fingerprint.h"
#include "model/safetensors_file.h"
#include "model/shared_cache.h"

namespace npu {
namespace {

namespace fs = std::filesystem;

// Reads the tensors one after the other, each of which must be there once and have its shape.
class Weights {
 public:
  Weights(const std::string& file, const SafetensorsTable& table) : file_(file), table_(table) {}

  Result<std::vector<float>> read(const std::string& name, const Shape& shape) {
    const auto found = table_.find(name);
    if (found == table_.end())
      return Error{ErrorCode::kBadModel,
                   text(file_, ": expected a tensor ", name, " ", shape, ", found none")};
    if (found->second.shape != shape)
      return Error{ErrorCode::kBadModel, text(file_, ": tensor ", name, ": expected shape ", shape,
                                              ", found ", found->second.shape)};
    ++read_;
    std::vector<float> values(shape.elements());
    NPU_TRY(read_values(found->second, values));
    return values;
  }

  Result<void> expect_no_more() const {
    if (read_ == table_.size()) return {};
    return Error{ErrorCode::kBadModel,
                 text(file_, ": expected the ", read_, " tensors of Silero VAD for 16 kHz, found ",
                      table_.size())};
  }

 private:
  const std::string& file_;
  const SafetensorsTable& table_;
  size_t read_ = 0;
};

// `values` [outputs][channels][taps], as convolutions are stored; a matrix has one tap.
VadLayer pack(const std::vector<float>& values, size_t outputs, size_t channels, size_t taps) {
  VadLayer layer;
  layer.outputs = outputs;
  layer.depth = channels * taps;
  layer.panels = cpu::FloatArray(layer.panel_count() * layer.depth * cpu::kPanelCols);
  for (size_t output = 0; output < outputs; ++output)
    for (size_t channel = 0; channel < channels; ++channel)
      for (size_t tap = 0; tap < taps; ++tap) {
        const size_t row = output / cpu::kPanelCols * layer.depth + tap * channels + channel;
        layer.panels.data()[row * cpu::kPanelCols + output % cpu::kPanelCols] =
            values[(output * channels + channel) * taps + tap];
      }
  return layer;
}

void set_bias(VadLayer& layer, const std::vector<float>& bias) {
  layer.bias = cpu::FloatArray(layer.panel_count() * cpu::kPanelCols);
  std::copy(bias.begin(), bias.end(), layer.bias.data());
}

Result<VadLayer> convolution(Weights& weights, const std::string& name, size_t outputs,
                             size_t channels, size_t taps) {
  NPU_TRY_ASSIGN(const auto values, weights.read(name + ".weight", {outputs, channels, taps}));
  NPU_TRY_ASSIGN(const auto bias, weights.read(name + ".bias", {outputs}));
  VadLayer layer = pack(values, outputs, channels, taps);
  set_bias(layer, bias);
  return layer;
}

// Never destroyed: models may be released by destructors that run after main().
SharedCache<const VadModel>& process_cache() {
  static auto* const cache = new SharedCache<const VadModel>;
  return *cache;
}

}  // namespace

Result<std::shared_ptr<const VadModel>> VadModel::parse(const FileBytes& file) {
  NPU_TRY_ASSIGN(const SafetensorsTable table, parse_safetensors(file));
  Weights weights(file.name, table);
  std::shared_ptr<VadModel> model(new VadModel);
  NPU_TRY_ASSIGN(const auto transform, weights.read("stft_conv.weight", {258, 1, 256}));
  model->transform_ = pack(transform, 258, 1, 256);
  NPU_TRY_ASSIGN(model->convolutions_[0], convolution(weights, "conv1", 128, 129, 3));
  NPU_TRY_ASSIGN(model->convolutions_[1], convolution(weights, "conv2", 64, 128, 3));
  NPU_TRY_ASSIGN(model->convolutions_[2], convolution(weights, "conv3", 64, 64, 3));
  NPU_TRY_ASSIGN(model->convolutions_[3], convolution(weights, "conv4", 128, 64, 3));

  constexpr size_t kGates = 4 * kVadStateSize;
  NPU_TRY_ASSIGN(const auto input, weights.read("lstm_cell.weight_ih", {kGates, kVadStateSize}));
  NPU_TRY_ASSIGN(const auto state, weights.read("lstm_cell.weight_hh", {kGates, kVadStateSize}));
  NPU_TRY_ASSIGN(auto bias, weights.read("lstm_cell.bias_ih", {kGates}));
  NPU_TRY_ASSIGN(const auto state_bias, weights.read("lstm_cell.bias_hh", {kGates}));
  for (size_t i = 0; i < kGates; ++i) bias[i] += state_bias[i];
  model->lstm_input_ = pack(input, kGates, kVadStateSize, 1);
  set_bias(model->lstm_input_, bias);
  model->lstm_state_ = pack(state, kGates, kVadStateSize, 1);
  NPU_TRY_ASSIGN(model->output_, convolution(weights, "final_conv", 1, kVadStateSize, 1));
  NPU_TRY(weights.expect_no_more());
  return std::shared_ptr<const VadModel>(std::move(model));
}

Result<std::shared_ptr<const VadModel>> VadModel::load(const std::string& path,
                                                       const CancelToken& cancel) {
  NPU_TRY_ASSIGN(std::string file, resolve_model(path));
  std::error_code error;
  if (fs::is_directory(file, error)) file = (fs::path(file) / kVadFileName).string();
  if (!fs::exists(file, error))
    return Error{ErrorCode::kNotFound, text(file,
                                            ": no such file; fetch it with: "
                                            "npuwhisper-models fetch ",
                                            kVadModelName)};
  NPU_TRY_ASSIGN(const std::string fingerprint, model_fingerprint(file));
  const auto loader = [&]() -> Result<std::shared_ptr<const VadModel>> {
    NPU_TRY_ASSIGN(const std::unique_ptr<MappedFile> mapped, MappedFile::open(file));
    NPU_TRY_ASSIGN(std::shared_ptr<const VadModel> model, parse(mapped->contents()));
    log(LogLevel::kInfo, text("voice activity detector ", file));
    return model;
  };
  return process_cache().get(fingerprint, loader, cancel);
}

}  // namespace npu
