// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/integer/norm.h"

#include "layer_norm/layer_norm.h"
#include "numerics/rounding.h"
#include "numerics/rsqrt.h"

namespace npu::cpu::integer {

void layer_norm_row(const quantised::Norm& norm, const View& in, const View& out, size_t row) {
  const int16_t* x = in.residual(row);
  const auto width = static_cast<int32_t>(in.cols);
  int32_t sum = 0;
  int64_t squares = 0;
  for (size_t c = 0; c < in.cols; ++c) {
    sum += x[c];
    squares += int32_t{x[c]} * x[c];
  }
  const int64_t spread = width * squares - int64_t{sum} * sum + norm.epsilon;
  const kernels::Rsqrt deviation = kernels::rsqrt(static_cast<uint64_t>(spread));
  const auto shift = static_cast<unsigned>(deviation.shift - static_cast<int>(kernels::kNormBits));
  for (size_t c = 0; c < in.cols; ++c) {
    const int32_t centred = width * x[c] - sum;
    const auto n = kernels::round_shift<int16_t>(int64_t{centred} * deviation.mult, shift);
    const auto value =
        kernels::round_shift<int16_t>(int64_t{n} * norm.gamma[c] + norm.beta[c], norm.out_shift);
    if (out.kind == Kind::kFine)
      put_fine(out.row(row), out.stride, c, value);
    else
      put_int8(out.row(row), c,
               kernels::saturate_to<int8_t>(value, kernels::SaturationMode::kSaturate));
  }
}

}  // namespace npu::cpu::integer
