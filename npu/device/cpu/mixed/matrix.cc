// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/matrix.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "half.h"

namespace npu::cpu {
namespace {

// Cache lines that are fetched while a row of a panel is finished.
constexpr size_t kFinishLines = 4;

// Index of an element in its packed array.
size_t place(size_t row, size_t col, size_t groups, size_t group) {
  const size_t panel = row / kPanelCols * groups * kPanelCols * group;
  return panel + (col / group * kPanelCols + row % kPanelCols) * group + col % group;
}

// The greatest of each column.
FloatArray column_peaks(std::span<const float> values, size_t cols) {
  FloatArray peaks(cols);
  for (size_t i = 0; i < values.size(); ++i) {
    float& peak = peaks.data()[i % cols];
    peak = std::max(peak, std::abs(values[i]));
  }
  for (size_t col = 0; col < cols; ++col)
    if (peaks.data()[col] < 1e-30f) peaks.data()[col] = 1;
  return peaks;
}

void pack_int8(std::span<const float> values, MixedMatrix& to) {
  std::vector<float> row_values(to.cols);
  for (size_t row = 0; row < to.rows; ++row) {
    float most = 0;
    for (size_t col = 0; col < to.cols; ++col) {
      const float divisor = to.column.size() > 0 ? to.column.data()[col] : 1;
      row_values[col] = values[row * to.cols + col] / divisor;
      most = std::max(most, std::abs(row_values[col]));
    }
    const float scale = most > 1e-30f ? most / 127 : 0;
    const float steps = scale > 0 ? 1 / scale : 0;
    to.scale.data()[row] = scale;
    for (size_t col = 0; col < to.cols; ++col) {
      const auto q = static_cast<int8_t>(std::lrint(row_values[col] * steps));
      to.int8.data()[place(row, col, to.groups(), 4)] = q;
      to.sum.data()[row] += q;
    }
  }
}

void pack_bf16(std::span<const float> values, MixedMatrix& to) {
  for (size_t row = 0; row < to.rows; ++row)
    for (size_t col = 0; col < to.cols; ++col)
      to.bf16.data()[place(row, col, to.groups(), 2)] =
          float_to_bfloat16(values[row * to.cols + col]);
}

}  // namespace

MixedMatrix::MixedMatrix(size_t row_count, size_t col_count, Element kind, bool equalised)
    : rows(row_count), cols(col_count), element(kind) {
  const size_t padded = panels() * kPanelCols;
  if (element == Element::kBf16) {
    bf16 = AlignedArray<uint16_t>(padded * groups() * 2);
    return;
  }
  int8 = AlignedArray<int8_t>(padded * groups() * 4);
  scale = FloatArray(padded);
  sum = AlignedArray<int32_t>(padded);
  if (equalised) column = FloatArray(cols);
}

MixedMatrix::MixedMatrix(std::span<const float> values, size_t row_count, size_t col_count,
                         Element kind, bool equalised)
    : MixedMatrix(row_count, col_count, kind, equalised) {
  if (element == Element::kBf16) {
    pack_bf16(values, *this);
    return;
  }
  if (equalised) column = column_peaks(values, cols);
  pack_int8(values, *this);
}

void MixedMatrix::read_row(size_t row, float* out) const {
  const size_t group = element == Element::kInt8 ? 4 : 2;
  const size_t first = place(row, 0, groups(), group), step = kPanelCols * group;
  for (size_t col = 0; col < cols; col += group)
    for (size_t i = 0; i < std::min(group, cols - col); ++i) {
      const size_t at = first + col / group * step + i;
      out[col + i] = element == Element::kInt8
                         ? scale.data()[row] * static_cast<float>(int8.data()[at])
                         : bfloat16_to_float(bf16.data()[at]);
    }
  for (size_t col = 0; col < column.size(); ++col) out[col] *= column.data()[col];
}

Ahead MixedMatrix::ahead(size_t panel, size_t most) const {
  if (panel >= panels()) return {};
  const void* data = element == Element::kInt8 ? static_cast<const void*>(int8.data())
                                               : static_cast<const void*>(bf16.data());
  return {static_cast<const char*>(data) + panel * panel_bytes(),
          std::min(most, (panels() - panel) * panel_bytes()) / kCacheLine};
}

void prepare_row(const float* x, size_t cols, const PreparedRows& to, size_t row) {
  uint8_t* data = to.data + row * to.stride;
  switch (to.element) {
    case RowElement::kUint8:
      to.scale[row] = quantise_row(x, cols, data);
      break;
    case RowElement::kInt16:
      to.scale[row] = {split_signed(x, cols, data, data + to.stride / 2), 0};
      break;
    case RowElement::kBf16:
      bf16_row(x, cols, 1, reinterpret_cast<uint16_t*>(data));
      break;
  }
}

void multiply_prepared(const DotVariant& dot, const MixedMatrix& matrix, size_t panel,
                       const PreparedRows& rows, void* sums, const PanelFinish& finish) {
  const size_t groups = matrix.groups(), first = panel * kPanelCols;
  if (rows.element == RowElement::kBf16) {
    auto* floats = static_cast<float*>(sums);
    dot.bf16({reinterpret_cast<const uint16_t*>(rows.data), rows.stride / sizeof(uint16_t),
              finish.rows, matrix.bf16.data() + first * groups * 2, groups, floats, kPanelCols});
    finish_f32(floats, kPanelCols, finish);
    return;
  }
  const size_t panel_bytes = matrix.panel_bytes();
  auto* integers = static_cast<int32_t*>(sums);
  const int8_t* bytes = matrix.int8.data() + panel * panel_bytes;
  const Int8Sums int8{integers, kPanelCols, rows.scale, matrix.scale.data() + first,
                      matrix.sum.data() + first};
  if (rows.element == RowElement::kUint8) {
    dot.int8({rows.data, rows.stride, finish.rows, bytes, groups, integers, kPanelCols});
    finish_int8(int8, finish);
    return;
  }
  dot.int8({rows.data, rows.stride / 2, 2 * finish.rows, bytes, groups, integers, kPanelCols});
  finish_int16(int8, finish,
               {bytes + panel_bytes + (dot.fetched > 0 ? dot.fetched : panel_bytes),
                finish.rows * kFinishLines});
}

Result<const MixedMatrix*> MixedWeights::matrix(const WeightRef& ref, Element element,
                                                WeightSource& source, bool equalised) {
  auto& entry = matrices_[ref.name];
  const size_t taps = ref.shape.rank() == 3 ? ref.shape[2] : 1;
  const size_t rows = ref.shape[0], in = ref.shape[1];
  // An adopted one may be of another shape.
  if (entry && (entry->rows != rows || entry->cols != in * taps || entry->element != element))
    entry.reset();
  if (!entry) {
    std::vector<float> values(ref.shape.elements());
    NPU_TRY(source.read(ref, values));
    if (taps > 1) {
      const std::vector<float> read = values;
      for (size_t row = 0; row < rows; ++row)
        for (size_t i = 0; i < in; ++i)
          for (size_t tap = 0; tap < taps; ++tap)
            values[(row * taps + tap) * in + i] = read[(row * in + i) * taps + tap];
    }
    entry = std::make_unique<MixedMatrix>(values, rows, in * taps, element, equalised);
    bytes_ += entry->bytes();
  }
  return entry.get();
}

void MixedWeights::adopt(Matrices matrices, Plains plains) {
  matrices_ = std::move(matrices);
  plains_ = std::move(plains);
  bytes_ = 0;
  for (const auto& [name, matrix] : matrices_) bytes_ += matrix->bytes();
  for (const auto& [name, plain] : plains_) bytes_ += plain->bytes();
}

Result<const FloatArray*> MixedWeights::plain(const WeightRef& ref, WeightSource& source) {
  auto& entry = plains_[ref.name];
  const size_t size = round_up(ref.shape.elements(), kPanelCols);
  if (entry && entry->size() != size) entry.reset();
  if (!entry) {
    auto array = std::make_unique<FloatArray>(size);
    NPU_TRY(source.read(ref, {array->data(), ref.shape.elements()}));
    bytes_ += array->bytes();
    entry = std::move(array);
  }
  return entry.get();
}

}  // namespace npu::cpu
