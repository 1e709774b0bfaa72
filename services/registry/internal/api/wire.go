package api

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// Field numbers of the contract this file writes and reads by hand. A test
// holds them to the descriptors and the bytes to the generated code.
const (
	customerPayments protowire.Number = 7

	responseAnswers protowire.Number = 1

	customerField         protowire.Number = 1 // of an answer and of a candidate
	answerPartnerPayments protowire.Number = 2
	answerCandidates      protowire.Number = 3
	answerPartnerTold     protowire.Number = 4

	candidateScore           protowire.Number = 2
	candidateClear           protowire.Number = 3
	candidateContributions   protowire.Number = 4
	candidatePartnerPayments protowire.Number = 5
	candidatePartnerTold     protowire.Number = 6
)

// appendCustomer appends a kept record as the customer of an answer or candidate.
func appendCustomer(b, body []byte, measure term.Measure, version int64) []byte {
	b = protowire.AppendTag(b, customerField, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(events.RecordSize(body, measure, version)))
	return events.AppendRecord(b, body, measure, version)
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

// appendPartner appends what a hit tells of the partner: the payments, or why not.
func appendPartner(b []byte, payments, told protowire.Number, h *store.Hit) ([]byte, error) {
	b, err := appendPayments(b, payments, h.Partner)
	if h.Told != 0 {
		b = protowire.AppendTag(b, told, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(h.Told))
	}
	return b, err
}

// appendCandidate appends a candidate to an answer; customer and partner are
// encoded fields of it already.
func appendCandidate(b, customer []byte, score float64, certain bool, contributions []string, partner []byte) []byte {
	size := len(customer) + len(partner) + protowire.SizeTag(candidateScore) + protowire.SizeFixed64()
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
	return append(b, partner...)
}
