// SPDX-License-Identifier: LGPL-2.1-or-later
// A network in the arithmetic of the array (kernels/): integers only, every scale fixed. What
// `npuwhisper-models prepare` makes of a model, and what devices that compute in it load.
//
// An activation is an integer times a step. Int8 activations have a step for each channel, which is
// folded into the weights that read them, so no step is needed to compute; fine ones have 12 bits
// (numerics/fine.h). The residual streams are 16 bits with one step for all channels, which may
// grow by powers of two from one addition to the next.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace npu::quantised {

// How the input of a product is kept.
enum class Input : uint8_t { kInt8, kFine };

// Factors of the columns of a product; the columns of one tile of 64 share a shift
// (numerics/requantise.h).
struct Factors {
  std::vector<int16_t> mult;   // [columns]
  std::vector<uint8_t> shift;  // [tiles of columns]
};

// Row-major weights of a linear or convolution, and what follows the product. Which of the
// epilogues it is, is the operation's matter.
struct Matrix {
  uint32_t rows = 0;  // outputs
  uint32_t cols = 0;  // inputs; of a convolution, tap by tap
  Input input = Input::kInt8;
  std::vector<int8_t> weights;  // [rows][cols]
  std::vector<int32_t> bias;    // [rows], in units of a sum
  Factors out;                  // to the output; with GELU to its input
  bool gelu = false;
  Factors gelu_out;            // with GELU: from its result to the output
  uint8_t residual_shift = 0;  // of the stream that the output is added to (residual/residual.h)
};

// gamma and beta with the steps of the output (layer_norm/layer_norm.h).
struct Norm {
  Input output = Input::kInt8;
  int64_t epsilon = 0;
  std::vector<int16_t> gamma;  // [columns]
  std::vector<int32_t> beta;   // [columns]
  uint8_t out_shift = 0;
};

// Scores and result of an attention (attention/attention.h).
struct Attention {
  Input output = Input::kInt8;
  uint8_t gain = 0;
  std::vector<int16_t> mult;   // [heads]
  std::vector<uint8_t> shift;  // [heads]
};

// Tokens as residual stream: value = weight * mult / 2^shift, to nearest, ties to even.
struct Embedding {
  std::vector<int8_t> weights;  // [vocabulary][width]
  std::vector<int16_t> mult;    // [vocabulary]
  std::vector<uint8_t> shift;   // [vocabulary]
};

// Logits have this many fraction bits.
inline constexpr unsigned kLogitBits = 20;
// Mel features are fine, +-2 being the greatest.
inline constexpr double kMelStep = 1.0 / 1024;

// By the canonical names of the weights (model/weights.h), without ".weight". Immutable once made.
struct Network {
  std::map<std::string, Matrix> matrices;
  std::map<std::string, Norm> norms;
  std::map<std::string, Attention> attentions;            // by the name of the query's matrix
  std::map<std::string, std::vector<int16_t>> positions;  // tables, as residual stream
  Embedding embedding;
  // What an integer of each activation stands for, by channel or, in a residual stream, of all. Not
  // needed to compute; by the names of graph.h.
  std::map<std::string, std::vector<float>> steps;
  std::string encoded;  // the activation that is the encoder's result
  // What that result is in floats: encoded_matrix [width][width] times the activation, plus
  // encoded_offset.
  std::vector<float> encoded_matrix, encoded_offset;
};

}  // namespace npu::quantised
