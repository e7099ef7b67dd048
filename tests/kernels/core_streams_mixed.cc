// SPDX-License-Identifier: LGPL-2.1-or-later
// Which operations follow each other.
#include "core_streams.h"

namespace core_streams {

using namespace kernels;

void Writer::pass(Streams& to) {
  const Descriptor d = descriptor(Op::kPass, 3);
  append(to, d);
  for (unsigned t = 0; t < d.head.m_tiles; ++t) {
    for (unsigned i = 0; i < d.head.count && groups(d, t) > 0; ++i) to.a.push_back(object());
  }
}

void Writer::narrow(Streams& to) {
  const unsigned last = tiles_.number(0u, 4u);
  narrow_ = true;
  for (unsigned i = 0; i <= last; ++i) {
    flush_ = i == last;
    switch (tiles_.number(0, 6)) {
      case 0:
        layer_norm(to, tiles_.number(0, 1) != 0);
        break;
      case 1:
        attention(to, tiles_.number(0, 1) ? kTransposeKeys | kRowLimits : kFineOutput | kCausal);
        break;
      case 2:
        combine(to);
        break;
      case 3:
        add(to);
        break;
      case 4:
        logits_of_tile(to);
        break;
      default: {
        static constexpr Epilogue kKinds[] = {
            Epilogue::kI8,      Epilogue::kI16,      Epilogue::kGelu, Epilogue::kGeluFine,
            Epilogue::kGeluAdd, Epilogue::kResidual, Epilogue::kRows};
        matmul(to, kKinds[tiles_.number(0, 6)], tiles_.number(0, 1) != 0);
      }
    }
  }
  narrow_ = flush_ = false;
  if (!pending_.empty()) leave(to);
}

void Writer::logits(Streams& to) {
  const unsigned last = tiles_.number(0u, 2u);
  narrow_ = true;
  for (unsigned i = 0; i <= last; ++i) {
    flush_ = i == last;
    logits_of_tile(to);
  }
  narrow_ = flush_ = false;
  if (!pending_.empty()) leave(to);
}

void Writer::any(Streams& to) {
  static constexpr uint32_t kAttentionKinds[] = {0,
                                                 kFineOutput,
                                                 kCausal,
                                                 kCausal | kFineOutput,
                                                 kTransposeKeys | kCausal,
                                                 kPart,
                                                 kTransposeKeys,
                                                 kPart | kTransposeKeys,
                                                 kRowLimits | kTransposeKeys};
  switch (tiles_.number(0, 9)) {
    case 0:
      return pass(to);
    case 1:
      return topk(to);
    case 2:
      return layer_norm(to, tiles_.number(0, 1) != 0);
    case 3:
      return attention(to, kAttentionKinds[tiles_.number(0, 8)]);
    case 4:
      return combine(to);
    case 5:
      return alignment(to);
    case 6:
      return add(to);
    case 7:
      return narrow(to);
    default: {
      static constexpr Epilogue kEpilogues[] = {
          Epilogue::kI8,      Epilogue::kI16,      Epilogue::kV,
          Epilogue::kKt,      Epilogue::kGelu,     Epilogue::kGeluFine,
          Epilogue::kGeluAdd, Epilogue::kResidual, Epilogue::kRows};
      return matmul(to, kEpilogues[tiles_.number(0, 8)], tiles_.number(0, 2) == 0);
    }
  }
}

}  // namespace core_streams
