// Package privacytest holds no code; its tests show that what is personal stays
// where it belongs (invariant I28): the contract marks it, printers hide it, and
// canaries planted in it come out nowhere else (package canary).
package privacytest
