package api

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/noticehub/noticehub/proto/term"
)

// Field numbers of the contract this file writes and reads by hand. A test
// holds them to the descriptors and the bytes to the generated code.
const (
	customerPayments protowire.Number = 7
	customerMeasure  protowire.Number = 14
	customerVersion  protowire.Number = 15

	responseAnswers protowire.Number = 1

	customerField         protowire.Number = 1 // of an answer and of a candidate
	answerPartnerPayments protowire.Number = 2
	answerCandidates      protowire.Number = 3

	candidateScore           protowire.Number = 2
	candidateClear           protowire.Number = 3
	candidateContributions   protowire.Number = 4
	candidatePartnerPayments protowire.Number = 5
)

// appendRecord appends a kept record as it travels: the body, then what the
// registry keeps beside it, which have the highest field numbers.
func appendRecord(b, body []byte, measure term.Measure, version int64) []byte {
	b = append(b, body...)
	if measure != 0 {
		b = protowire.AppendTag(b, customerMeasure, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(measure))
	}
	b = protowire.AppendTag(b, customerVersion, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(version))
}

// appendCustomer appends a kept record as the customer of an answer or candidate.
func appendCustomer(b, body []byte, measure term.Measure, version int64) []byte {
	size := len(body) + protowire.SizeTag(customerVersion) + protowire.SizeVarint(uint64(version))
	if measure != 0 {
		size += protowire.SizeTag(customerMeasure) + protowire.SizeVarint(uint64(measure))
	}
	b = protowire.AppendTag(b, customerField, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	return appendRecord(b, body, measure, version)
}

// appendPayments appends the payments of an encoded record as a repeated field.
func appendPayments(b []byte, field protowire.Number, record []byte) ([]byte, error) {
	for len(record) > 0 {
		number, kind, tag := protowire.ConsumeTag(record)
		if tag < 0 {
			return b, fmt.Errorf("decode a partner's record: %w", protowire.ParseError(tag))
		}
		n := protowire.ConsumeFieldValue(number, kind, record[tag:])
		if n < 0 {
			return b, fmt.Errorf("decode a partner's record: %w", protowire.ParseError(n))
		}
		if number == customerPayments && kind == protowire.BytesType {
			b = protowire.AppendTag(b, field, protowire.BytesType)
			b = append(b, record[tag:tag+n]...) // length and content as they are
		}
		record = record[tag+n:]
	}
	return b, nil
}

// appendCandidate appends a candidate to an answer; customer and payments are
// encoded fields of it already.
func appendCandidate(b, customer []byte, score float64, certain bool, contributions []string, payments []byte) []byte {
	size := len(customer) + len(payments) + protowire.SizeTag(candidateScore) + protowire.SizeFixed64()
	if certain {
		size += protowire.SizeTag(candidateClear) + protowire.SizeVarint(1)
	}
	for _, c := range contributions {
		size += protowire.SizeTag(candidateContributions) + protowire.SizeBytes(len(c))
	}
	b = protowire.AppendTag(b, answerCandidates, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = append(b, customer...)
	b = protowire.AppendTag(b, candidateScore, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(score))
	if certain {
		b = protowire.AppendTag(b, candidateClear, protowire.VarintType)
		b = protowire.AppendVarint(b, 1)
	}
	for _, c := range contributions {
		b = protowire.AppendTag(b, candidateContributions, protowire.BytesType)
		b = protowire.AppendString(b, c)
	}
	return append(b, payments...)
}
