// Kriging: the mean of a Gaussian process that is known at some sites, at each pixel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// e^-r for r >= 0, to the last digit or two: 2^-n e^x with n whole and |x| <= ln 2 / 2.
template <class T>
PYVARCOLOR_INLINE T decay(T r) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    constexpr bool single = sizeof(T) == 4;
    constexpr int mantissa = single ? 23 : 52, bias = single ? 127 : 1023, degree = single ? 7 : 13;
    const T in_base_2 = std::min(r, T(80)) * T(1.44269504088896341);
    const Bits n = Bits(in_base_2 + T(0.5));
    const T x = (T(n) - in_base_2) * T(0.693147180559945309);
    T series = T(1);
    for (int k = degree; k > 0; --k) series = T(1) + series * x / T(k);
    const Bits bits = (bias - n) << mantissa;  // 2^-n
    T power;
    std::memcpy(&power, &bits, sizeof power);
    return series * power;
}

// (a, b) += weight e^-|feature - site| along a row, for one site; `square` is scratch.
template <class T>
PYVARCOLOR_ROW_KERNEL void add_site(Index cols, Index features, const T* feature, const T* site, const T* weight,
                                    T* square, T* a, T* b) {
    std::fill_n(square, cols, T(0));
    for (Index k = 0; k < features; ++k, feature += cols) {
        const T at = site[k];
        PYVARCOLOR_NO_ALIAS
        for (Index j = 0; j < cols; ++j) square[j] += (feature[j] - at) * (feature[j] - at);
    }
    const T weight_a = weight[0], weight_b = weight[1];
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) {
        const T e = decay(std::sqrt(square[j]));
        a[j] += weight_a * e;
        b[j] += weight_b * e;
    }
}

// u += sum over sites of weight e^-|features - site|
template <class T>
void kriging_add(Image<const T> features, Image<const T> sites, Image<const T> weights, Image<T> u) {
    with_team(u, [&](Team& team) {
        std::vector<T> square(static_cast<std::size_t>(u.cols));
        team.rows([&](Index i) {
            for (Index n = 0; n < sites.rows; ++n)
                add_site<T>(u.cols, features.channels, features.row(i), sites.row(n), weights.row(n), square.data(),
                            u.row(i, 0), u.row(i, 1));
        });
    });
}

}  // namespace pyvarcolor
