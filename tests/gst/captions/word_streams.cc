// SPDX-License-Identifier: LGPL-2.1-or-later
#include "word_streams.h"

#include <glib.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "corpus.h"

namespace npu::captions {
namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int64_t percent) { return between(1, 100) <= percent; }
  template <typename List>
  auto pick(const List& list) {
    return list[static_cast<size_t>(between(0, static_cast<int64_t>(std::size(list)) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

constexpr const char* kLanguages[] = {"en", "de", "fr", "ru", "ja", "zh",
                                      "ko", "ar", "hi", "th", "",   "xx"};
constexpr const char* kWords[] = {
    "a",       "I",     "the",       "of",         "and",     "in",
    "to",      "house", "London",    "which",      "thirty",  "months",
    "however", "25",    "1963",      "Dr.",        "yes",     "responsibility",
    "Müller",  "über",  "и",         "слово",      "который", "مرحبا",
    "العالم",  "नमस्ते",  "और",        "안녕하세요", "그리고",  "e.g.",
    "—",       "C-3",   "well-known"};
constexpr const char* kDense[] = {"日",       "本", "の", "は", "です", "我", "们", "計画",
                                  "ラーメン", "ส",  "วัส", "ดี",  "한",   "20", "。", "、"};
constexpr const char* kEndings[] = {"",  "",  "",  "",  "",  "",  "",  "",    ",",
                                    ",", ".", ".", "?", "!", ";", ":", "...", "…\""};
constexpr const char* kOdd[] = {"",
                                " ",
                                "\n",
                                " -->",
                                "--",
                                ">",
                                "a\nb",
                                "\xFF\xFE",
                                "\x01",
                                " \xCC\x81",
                                "\xCC\x81",
                                "\xE2\x80\x8D",
                                "\xEF\xB8\x8F",
                                " 👨‍👩‍👧",
                                "🇩",
                                "🇪",
                                "\xE2\x80\xAE",
                                "\xC2\xA0",
                                "\xE3\x80\x80",
                                " two words",
                                " \t",
                                "\xED\xA0\x80",
                                "<b>",
                                "&amp;",
                                "﷽"};

std::string long_word(Random& random) {
  std::string word = " ";
  const int64_t length = random.between(30, 400);
  const bool wide = random.chance(30);
  for (int64_t index = 0; index < length; ++index) {
    if (wide) {
      word += "語";
    } else {
      word += static_cast<char>('a' + random.between(0, 25));
    }
  }
  return word;
}

std::string random_text(Random& random, bool dense) {
  if (dense) return std::string(random.chance(5) ? " " : "") + random.pick(kDense);
  return std::string(random.chance(3) ? "" : " ") + random.pick(kWords) + random.pick(kEndings);
}

std::vector<WordStream> read_lines(const std::filesystem::path& path) {
  std::vector<WordStream> streams;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json clip = nlohmann::json::parse(line);
    WordStream stream{clip["file"], clip["language"], {}};
    const auto ns = [](double s) { return std::llround(s * 1000) * kMs; };
    for (const nlohmann::json& segment : clip["segments"]) {
      if (!segment.contains("words")) continue;
      for (const nlohmann::json& word : segment["words"]) {
        stream.words.push_back(
            {word["word"], ns(word["start"]), ns(word["end"]), word["probability"]});
      }
    }
    if (!stream.words.empty()) streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace

std::vector<CaptionWord> spoken(std::string_view text, int64_t each_ns, int64_t start_ns) {
  std::vector<CaptionWord> words;
  int64_t now_ns = start_ns;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' ', 1), text.size());
    const std::string word(text.substr(0, end));
    text.remove_prefix(end);
    const size_t brace = word.find('{');
    if (brace != std::string::npos) {
      now_ns += std::atoll(word.c_str() + brace + 1) * kMs;
      continue;
    }
    words.push_back({word, now_ns, now_ns + each_ns, 0.5});
    now_ns += each_ns;
  }
  return words;
}

std::vector<CaptionWord> spoken_characters(std::string_view text, int64_t each_ns) {
  std::vector<CaptionWord> words;
  int64_t now_ns = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* next = g_utf8_next_char(at);
    const bool joins =
        g_unichar_ispunct(g_utf8_get_char(at)) || g_unichar_ismark(g_utf8_get_char(at));
    if (joins && !words.empty()) {
      words.back().text.append(at, next);
    } else {
      words.push_back({std::string(at, next), now_ns, now_ns + each_ns, 0.5});
      now_ns += each_ns;
    }
    at = next;
  }
  return words;
}

std::vector<WordStream> recorded_streams() {
  const std::filesystem::path corpus = npu::testing::corpus_folder();
  return corpus.empty() ? read_lines(npu::testing::data_folder() / "golden" / "timed.jsonl")
                        : read_lines(corpus / "golden" / "words.jsonl");
}

WordStream random_speech(uint64_t seed) {
  Random random(seed);
  const bool dense = random.chance(20);
  WordStream stream{"speech " + std::to_string(seed), random.pick(kLanguages), {}};
  const int64_t count = random.between(1, 60);
  const int64_t slow_ms = random.between(150, 900);
  int64_t now_ns = random.between(0, 5000) * kMs;
  for (int64_t index = 0; index < count; ++index) {
    const int64_t length_ns = random.between(60, slow_ms) * kMs;
    stream.words.push_back({random_text(random, dense), now_ns, now_ns + length_ns, 0.5});
    now_ns += length_ns;
    if (random.chance(10)) now_ns += random.between(20, 3500) * kMs;
  }
  return stream;
}

WordStream random_stream(uint64_t seed) {
  Random random(seed);
  WordStream stream{"random " + std::to_string(seed), random.pick(kLanguages), {}};
  const int64_t count = random.between(0, 60);
  const int64_t odd_percent = random.pick(std::vector<int64_t>{0, 5, 30, 100});
  const int64_t longest_ms = random.pick(std::vector<int64_t>{0, 10, 300, 2000, 20'000});
  int64_t now_ns = random.between(-3000, 3000) * kMs;
  for (int64_t index = 0; index < count; ++index) {
    const bool odd = random.chance(odd_percent);
    std::string text = random_text(random, random.chance(15));
    if (odd) text = random.chance(10) ? long_word(random) : std::string(random.pick(kOdd));
    int64_t start_ns = now_ns;
    int64_t end_ns = start_ns + random.between(0, longest_ms) * kMs + random.between(0, 999'999);
    if (odd && random.chance(20)) start_ns -= random.between(0, 9000) * kMs;
    if (odd && random.chance(10)) end_ns = start_ns - random.between(0, 9000) * kMs;
    if (odd && random.chance(2)) start_ns = std::numeric_limits<int64_t>::max();
    if (odd && random.chance(2)) end_ns = std::numeric_limits<int64_t>::max();
    if (odd && random.chance(2)) start_ns = std::numeric_limits<int64_t>::min();
    stream.words.push_back({std::move(text), start_ns, end_ns, 0.5});
    if (!odd || random.chance(70)) now_ns = std::clamp(end_ns, now_ns, now_ns + 60 * kSecond);
    if (random.chance(10)) now_ns += random.between(0, 4000) * kMs;
  }
  return stream;
}

}  // namespace npu::captions
