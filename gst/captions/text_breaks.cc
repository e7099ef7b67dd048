// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/text_breaks.h"

#include <unicode/ubrk.h>
#include <unicode/utext.h>

namespace npu::captions {
namespace {

UBreakIteratorType icu_type(BreakKind kind) {
  switch (kind) {
    case BreakKind::kGrapheme:
      return UBRK_CHARACTER;
    case BreakKind::kWord:
      return UBRK_WORD;
    case BreakKind::kLine:
    case BreakKind::kPhrase:
      return UBRK_LINE;
  }
  return UBRK_CHARACTER;
}

}  // namespace

// Without an iterator (out of memory is the only cause) a text has no boundaries but its ends.
class TextBreaks::Iterator {
 public:
  Iterator(BreakKind kind, const std::string& language) {
    const std::string locale = kind == BreakKind::kPhrase ? language + "@lw=phrase" : language;
    UErrorCode status = U_ZERO_ERROR;
    iterator_ = ubrk_open(icu_type(kind), locale.c_str(), nullptr, 0, &status);
    if (U_FAILURE(status)) close();
  }
  ~Iterator() {
    close();
    utext_close(&text_);
  }
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;

  void set_text(std::string_view text) {
    size_ = text.size();
    if (iterator_ == nullptr) return;
    UErrorCode status = U_ZERO_ERROR;
    utext_openUTF8(&text_, text.data(), static_cast<int64_t>(text.size()), &status);
    ubrk_setUText(iterator_, &text_, &status);
    usable_ = U_SUCCESS(status);
  }

  bool is_boundary(size_t offset) {
    if (offset == 0 || offset >= size_) return true;
    return usable_ && ubrk_isBoundary(iterator_, static_cast<int32_t>(offset)) != 0;
  }

  size_t before(size_t offset) {
    const int32_t at =
        usable_ ? ubrk_preceding(iterator_, static_cast<int32_t>(offset)) : int32_t{UBRK_DONE};
    return at == UBRK_DONE ? 0 : static_cast<size_t>(at);
  }

  size_t after(size_t offset) {
    const int32_t at =
        usable_ ? ubrk_following(iterator_, static_cast<int32_t>(offset)) : int32_t{UBRK_DONE};
    return at == UBRK_DONE ? size_ : static_cast<size_t>(at);
  }

  std::vector<size_t> boundaries() {
    std::vector<size_t> offsets = {0};
    if (usable_) {
      ubrk_first(iterator_);
      for (int32_t at = ubrk_next(iterator_); at != UBRK_DONE; at = ubrk_next(iterator_)) {
        offsets.push_back(static_cast<size_t>(at));
      }
    }
    if (offsets.back() < size_) offsets.push_back(size_);
    return offsets;
  }

 private:
  void close() {
    if (iterator_ != nullptr) ubrk_close(iterator_);
    iterator_ = nullptr;
  }

  UBreakIterator* iterator_ = nullptr;
  UText text_ = UTEXT_INITIALIZER;
  size_t size_ = 0;
  bool usable_ = false;
};

TextBreaks::TextBreaks(BreakKind kind, const std::string& language)
    : iterator_(std::make_unique<Iterator>(kind, language)) {}
TextBreaks::~TextBreaks() = default;
TextBreaks::TextBreaks(TextBreaks&&) noexcept = default;
TextBreaks& TextBreaks::operator=(TextBreaks&&) noexcept = default;

void TextBreaks::set_text(std::string_view text) {
  iterator_->set_text(text);
}
bool TextBreaks::is_boundary(size_t offset) {
  return iterator_->is_boundary(offset);
}
size_t TextBreaks::before(size_t offset) {
  return iterator_->before(offset);
}
size_t TextBreaks::after(size_t offset) {
  return iterator_->after(offset);
}
std::vector<size_t> TextBreaks::boundaries() {
  return iterator_->boundaries();
}

}  // namespace npu::captions
