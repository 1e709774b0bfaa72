package main

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// feedRound is how many customers of a stream come round; it has no factor in
// common with the kinds of changes, so that each gets all of them.
const feedRound = feedCustomers/feedStreams - 11

// feedRecord is record i of stream k: one change for one of the stream's own
// customers, which come round and round.
func feedRecord(k, i int) *registryv1.FeedRecord {
	now := time.Now()
	n := i*7919%feedRound*feedStreams + k
	return &registryv1.FeedRecord{
		Feed: fmt.Sprintf("bench-%d", k), Reference: fmt.Sprintf("r%d", i), Crn: feedCRN(n),
		OccurredAt: timestamppb.New(now), Changes: []*registryv1.Change{feedChange(i, now)},
	}
}

// feedChange changes something in any case: i makes the values new. Of twenty
// records two are addresses (the first of a customer raises an item, later ones
// are covered by it), two penalties (each raises one) and one a rent type, which
// raises one under some measures; the others are account, payment, card and
// expense figures that raise nothing.
func feedChange(i int, now time.Time) *registryv1.Change {
	day := func(days int) string { return now.AddDate(0, 0, days).Format(time.DateOnly) }
	cents := int64(1000 + i%100_000)
	switch i % 20 {
	case 0, 10:
		return &registryv1.Change{Change: &registryv1.Change_PutAddress{PutAddress: &registryv1.Address{
			Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: fmt.Sprintf("%d Feed Street", i), Locality: "Katherine",
			State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850",
		}}}
	case 3, 13:
		return &registryv1.Change{Change: &registryv1.Change_PutPenalty{PutPenalty: &registryv1.CompliancePenalty{
			PenaltyId: fmt.Sprintf("p%d", i), Kind: registryv1.PenaltyKind_PENALTY_KIND_PENALTY, FromDate: day(7), ToDate: day(21),
		}}}
	case 6:
		return &registryv1.Change{Change: &registryv1.Change_RentType{RentType: fmt.Sprintf("RENT_%d", i)}}
	case 1, 8, 15, 18:
		return &registryv1.Change{Change: &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{
			Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 60_000 + cents, FromDate: "2024-07-01", Status: registryv1.PaymentStatus_PAYMENT_STATUS_CURRENT,
		}}}
	case 2, 7, 12, 17:
		return &registryv1.Change{Change: &registryv1.Change_SetAccount{SetAccount: &registryv1.SetAccount{BalanceCents: proto.Int64(cents)}}}
	case 4, 14:
		return &registryv1.Change{Change: &registryv1.Change_CardDeclined{CardDeclined: &registryv1.CardTransaction{
			TransactionId: fmt.Sprintf("t%d", i), At: timestamppb.New(now), Cents: cents,
		}}}
	case 5, 16:
		return &registryv1.Change{Change: &registryv1.Change_PutExpense{PutExpense: &registryv1.Expense{
			ExpenseId: "power", Kind: registryv1.ExpenseKind_EXPENSE_KIND_UTILITIES, AllocationCents: 1 + int64(i%15_000), Regular: true, FromDate: "2024-08-01",
		}}}
	case 9, 19:
		return &registryv1.Change{Change: &registryv1.Change_SetCard{SetCard: &registryv1.SetCard{BalanceCents: proto.Int64(cents)}}}
	default: // 11
		return &registryv1.Change{Change: &registryv1.Change_AccountCredit{AccountCredit: &registryv1.AccountCredit{
			CreditId: fmt.Sprintf("c%d", i), Cents: 1 + cents%500, At: timestamppb.New(now),
		}}}
	}
}
