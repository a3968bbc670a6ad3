// Blending of the nearest strokes' colours by intrinsic distance: Yatziv and Sapiro 2006.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"

namespace pyvarcolor {

// Pixels that may bring their neighbours a nearer hint, roughly by distance: buckets of 1 L*. Who comes too early comes
// again (Yatziv, Bartesaghi, Sapiro 2006, "O(N) implementation of the fast marching algorithm", but exact).
template <class T>
class Front {
public:
    struct Entry {
        T distance;
        std::int32_t pixel, hint;
    };

    // What is farther than the buckets reach waits in the last one.
    void push(Entry entry) {
        const T ahead = std::clamp(std::floor(entry.distance) - T(now_), T(0), T(buckets_.size() - 1));
        buckets_[(now_ + static_cast<std::size_t>(ahead)) % buckets_.size()].push_back(entry);
    }

    // The nearest bucket that is not empty, emptied; false where all are.
    bool pop(std::vector<Entry>& entries) {
        const std::size_t last = now_ + buckets_.size();
        while (now_ < last && buckets_[now_ % buckets_.size()].empty()) ++now_;
        entries.clear();
        entries.swap(buckets_[now_ % buckets_.size()]);
        return !entries.empty();
    }

private:
    std::array<std::vector<Entry>, 128> buckets_;  // hardly any step costs more
    std::size_t now_ = 0;
};

// The nearest hint of each of the few nearest strokes, for every pixel. A path costs |dL| and `per_pixel` for each
// pixel of its length, along the 8 neighbours.
template <class T>
class NearestStrokes {
public:
    struct Hint {
        T distance;
        std::int32_t pixel;
    };

    NearestStrokes(Image<const T> lightness, Image<const T> strokes, T per_pixel, Index nearest)
        : lightness_(lightness),
          strokes_(strokes),
          per_pixel_(per_pixel),
          nearest_(nearest),
          known_(static_cast<std::size_t>(lightness.rows * lightness.cols * nearest)),
          count_(static_cast<std::size_t>(lightness.rows * lightness.cols)) {}

    // A pixel learns of a hint; it keeps it if it is among the nearest of different strokes, and will tell.
    void tell(Index pixel, Hint hint) {
        Hint* const known = &known_[static_cast<std::size_t>(pixel * nearest_)];
        std::int32_t& count = count_[static_cast<std::size_t>(pixel)];
        Index at = 0;
        while (at < count && stroke(known[at]) != stroke(hint)) ++at;
        if (at == nearest_) --at;  // the farthest gives way
        if (at < count && hint.distance >= known[at].distance) return;
        if (at == count) ++count;
        for (; at > 0 && hint.distance < known[at - 1].distance; --at) known[at] = known[at - 1];
        known[at] = hint;
        front_.push({hint.distance, static_cast<std::int32_t>(pixel), hint.pixel});
    }

    // Until nobody has anything new to tell.
    void spread() {
        std::vector<typename Front<T>::Entry> entries;
        while (front_.pop(entries))
            for (const auto& entry : entries)
                if (knows(entry.pixel, entry.distance, entry.hint)) tell_neighbours(entry);
    }

    std::pair<const Hint*, const Hint*> of(Index pixel) const {
        const Hint* const known = &known_[static_cast<std::size_t>(pixel * nearest_)];
        return {known, known + count_[static_cast<std::size_t>(pixel)]};
    }

private:
    bool knows(Index pixel, T distance, std::int32_t hint) const {
        const auto [first, last] = of(pixel);
        return std::any_of(first, last,
                           [&](const Hint& other) { return other.distance == distance && other.pixel == hint; });
    }

    void tell_neighbours(const typename Front<T>::Entry& entry) {
        const Index i = entry.pixel / lightness_.cols, j = entry.pixel % lightness_.cols;
        const T here = lightness_.row(i)[j];
        for (Index row = std::max<Index>(i - 1, 0); row < std::min(i + 2, lightness_.rows); ++row)
            for (Index col = std::max<Index>(j - 1, 0); col < std::min(j + 2, lightness_.cols); ++col) {
                if (row == i && col == j) continue;
                const T length = row != i && col != j ? T(1.41421356237309504880) : T(1);
                const T cost = std::abs(lightness_.row(row)[col] - here) + per_pixel_ * length;
                tell(row * lightness_.cols + col, {entry.distance + cost, entry.hint});
            }
    }

    T stroke(Hint hint) const { return strokes_.data[hint.pixel]; }

    Image<const T> lightness_, strokes_;
    T per_pixel_;
    Index nearest_;
    std::vector<Hint> known_;
    std::vector<std::int32_t> count_;
    Front<T> front_;
};

// u = mean of the nearest hints of the few nearest strokes, weighted by distance^-power. A hint of weight w is 1 / w
// away from its own pixel.
template <class T>
void geodesic_blend(Image<const T> lightness, Image<const T> hints, Image<const T> hint_weight, Image<const T> strokes,
                    T per_pixel, T power, Index nearest, Image<T> u) {
    NearestStrokes<T> found(lightness, strokes, per_pixel, nearest);
    for (Index pixel = 0; pixel < u.rows * u.cols; ++pixel)
        if (hint_weight.data[pixel] > 0)
            found.tell(pixel, {1 / hint_weight.data[pixel], static_cast<std::int32_t>(pixel)});
    found.spread();
    parallel_rows(u, [&](Index i) {
        for (Index j = 0; j < u.cols; ++j) {
            const auto [first, last] = found.of(i * u.cols + j);
            T total = 0, a = 0, b = 0;
            for (const auto* hint = first; hint != last; ++hint) {
                const T w = hint == first ? T(1) : std::pow(first->distance / hint->distance, power);
                const Index row = hint->pixel / u.cols, col = hint->pixel % u.cols;
                total += w, a += w * hints.row(row, 0)[col], b += w * hints.row(row, 1)[col];
            }
            u.row(i, 0)[j] = total > 0 ? a / total : T(0);
            u.row(i, 1)[j] = total > 0 ? b / total : T(0);
        }
    });
}

}  // namespace pyvarcolor
