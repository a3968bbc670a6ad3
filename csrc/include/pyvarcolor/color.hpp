// L*, a*, b* to sRGB: what lies outside the gamut is drawn towards gray. pyvarcolor/color.py says the same in NumPy.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

template <class T>
struct LinearRgb {
    T r, g, b;
};

// The inverse of CIE Lab's f: a cube, and a line near black.
template <class T>
PYVARCOLOR_INLINE T lab_f_inverse(T f) {
    return f > T(0.2068966) ? f * f * f : (f - T(16.0 / 116)) * T(1 / 7.787);
}

// Linear sRGB, white at (1, 1, 1).
template <class T>
PYVARCOLOR_INLINE LinearRgb<T> lab_to_linear_rgb(T lightness, T a, T b) {
    const T f = (lightness + 16) * T(1.0 / 116);
    const T x = lab_f_inverse(f + a * T(1.0 / 500)), y = lab_f_inverse(f), z = lab_f_inverse(f - b * T(1.0 / 200));
    return {T(3.0799349355329992) * x - T(1.537151516271318) * y - T(0.5427834192616812) * z,
            T(-0.9212341827539382) * x + T(1.8759900014898907) * y + T(0.04524418126404751) * z,
            T(0.0528896820458639) * x - T(0.2040413383665112) * y + T(1.1511516563206472) * z};
}

// Linear RGB outside 0..1 by this share of its brightest channel, or by this much in black, is rounding, not a colour
// outside the gamut. More would show in the dark: clipping raises L*, and 1e-6 are 0.85 units of 16-bit sRGB there.
template <class T>
PYVARCOLOR_INLINE bool in_gamut(LinearRgb<T> rgb) {
    const T low = std::min(std::min(rgb.r, rgb.g), rgb.b), high = std::max(std::max(rgb.r, rgb.g), rgb.b);
    return (low >= -(T(1e-6) * high + T(2e-8))) & (high <= T(1 + 1e-6));
}

// rgb (3 channels of `cols`), linear
template <class T>
PYVARCOLOR_ROW_KERNEL void linear_rgb_row(Index cols, const T* lightness, const T* a, const T* b, T* rgb) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) {
        const LinearRgb<T> linear = lab_to_linear_rgb(lightness[j], a[j], b[j]);
        rgb[j] = linear.r, rgb[cols + j] = linear.g, rgb[2 * cols + j] = linear.b;
    }
}

// Marks the pixels that lie outside the gamut; returns how many there are.
template <class T>
PYVARCOLOR_ROW_KERNEL int mark_outside_row(Index cols, const T* rgb, int* outside) {
    int count = 0;
    for (Index j = 0; j < cols; ++j) {
        outside[j] = !in_gamut<T>({rgb[j], rgb[cols + j], rgb[2 * cols + j]});
        count += outside[j];
    }
    return count;
}

// (a, b) <- t (a, b) with the largest t in 0..1, to 1/4096, that lies in the gamut: bisection of all pixels at once.
template <class T>
PYVARCOLOR_ROW_KERNEL void fit_row(Index cols, const T* lightness, T* a, T* b, T* t) {
    std::fill(t, t + cols, T(0));
    for (T step = T(0.5); step >= T(1.0 / 4096); step /= 2) {
        PYVARCOLOR_NO_ALIAS
        for (Index j = 0; j < cols; ++j) {
            const T more = t[j] + step;
            t[j] = in_gamut(lab_to_linear_rgb(lightness[j], more * a[j], more * b[j])) ? more : t[j];
        }
    }
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) a[j] *= t[j], b[j] *= t[j];
}

// sRGB encoding of a linear value, clipped to 0..1. Its power is x^(1/2.4) = c sqrt(sqrt(c)) with c = cbrt(x), which
// four steps of Halley find to 2e-15 from one start, the middle of what c can be: divisions and roots vectorise.
template <class T>
PYVARCOLOR_INLINE T encode_srgb(T linear) {
    const T x = std::min(std::max(T(0), linear), T(1));
    T c = T(0.38);
    for (int k = 0; k < 4; ++k) {
        const T cube = c * c * c;
        c *= (cube + 2 * x) / (2 * cube + x);
    }
    return x <= T(0.0031308) ? T(12.92) * x : T(1.055) * (c * std::sqrt(std::sqrt(c))) - T(0.055);
}

template <class T>
PYVARCOLOR_ROW_KERNEL void encode_srgb_row(Index size, T* values) {
    for (Index k = 0; k < size; ++k) values[k] = encode_srgb(values[k]);
}

// The three channels side by side; integers are rounded to their full range.
template <class T, class Value>
PYVARCOLOR_ROW_KERNEL void interleave_row(Index cols, const T* rgb, Value* out) {
    constexpr bool whole = std::is_integral_v<Value>;
    constexpr T top = whole ? T(std::numeric_limits<Value>::max()) : T(1), half = whole ? T(0.5) : T(0);
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j)
        for (Index c = 0; c < 3; ++c) out[3 * j + c] = static_cast<Value>(rgb[c * cols + j] * top + half);
}

// The pixels of one row that lie outside the gamut, side by side.
template <class T>
struct Outsiders {
    explicit Outsiders(Index cols)
        : marks(static_cast<std::size_t>(cols)), at(marks.size()), values(static_cast<std::size_t>(7 * cols)) {}
    std::vector<int> marks;
    std::vector<Index> at;
    std::vector<T> values;  // lightness, a, b, t, and linear RGB
};

// Brings what lies outside of row i into the gamut, in its linear `rgb`; returns how many pixels had to move.
template <class T>
int fit_outsiders(Image<const T> lightness, Image<const T> chroma, Index i, Outsiders<T>& outsiders, T* rgb) {
    const Index cols = lightness.cols;
    int* const marks = outsiders.marks.data();
    const int n = mark_outside_row(cols, rgb, marks);
    if (n == 0) return 0;
    Index* const at = outsiders.at.data();
    for (Index j = 0, k = 0; k < n; k += marks[j++]) at[k] = j;

    T* const light = outsiders.values.data();
    T *const a = light + n, *const b = a + n, *const t = b + n, *const fitted = t + n;
    for (Index k = 0; k < n; ++k) {
        light[k] = lightness.row(i)[at[k]];
        a[k] = chroma.row(i, 0)[at[k]], b[k] = chroma.row(i, 1)[at[k]];
    }
    fit_row<T>(n, light, a, b, t);
    linear_rgb_row<T>(n, light, a, b, fitted);
    for (Index c = 0; c < 3; ++c)
        for (Index k = 0; k < n; ++k) rgb[c * cols + at[k]] = fitted[c * n + k];
    return n;
}

// rgb (rows, cols, 3) of L* and a*, b*, fitted into the gamut at constant hue and lightness; returns how many pixels
// had to be.
template <class T, class Value>
Index encode_rgb(Image<const T> lightness, Image<const T> chroma, Value* rgb) {
    const Index cols = lightness.cols;
    double moved = 0;
    with_team(lightness, [&](Team& team) {
        std::vector<T> linear(static_cast<std::size_t>(3 * cols));
        Outsiders<T> outsiders(cols);
        const Sums sums = team.sum([&](Index i) {
            linear_rgb_row(cols, lightness.row(i), chroma.row(i, 0), chroma.row(i, 1), linear.data());
            const int outside = fit_outsiders(lightness, chroma, i, outsiders, linear.data());
            encode_srgb_row(3 * cols, linear.data());
            interleave_row(cols, linear.data(), rgb + 3 * cols * i);
            return Sums{{double(outside), 0}};
        });
        if (team.is_first()) moved = sums.of[0];
    });
    return static_cast<Index>(moved);
}

}  // namespace pyvarcolor
