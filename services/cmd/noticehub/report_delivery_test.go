package main

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

func TestATableOfDeliveries(t *testing.T) {
	t.Parallel()
	at := timestamppb.New(time.Date(2026, 11, 4, 13, 0, 0, 0, time.UTC))
	late := func(authority string) *advicev1.Delivery {
		return &advicev1.Delivery{
			AuthorityId: authority, ReportDate: "2026-11-04", State: advicev1.DeliveryState_DELIVERY_STATE_DELIVERED, Overdue: true, Advice: "Ask them.", DueAt: at, Lines: 5, Redeliveries: 2,
		}
	}
	var out strings.Builder
	err := deliveryTable(&out, &advicev1.ListDeliveriesResponse{
		Deliveries: []*advicev1.Delivery{
			{AuthorityId: "frc", ReportDate: "2026-11-06", State: advicev1.DeliveryState_DELIVERY_STATE_COLLECTING, DueAt: at}, late("frc"), late("nt-cp"),
		},
		NextCutOffAt: at, CollectingFor: "2026-11-06", More: true,
	})
	const want = `DATE        AUTHORITY  STATE       LINES  DUE                   OFFERED AGAIN
2026-11-06  frc        COLLECTING  0      2026-11-04T13:00:00Z  0
2026-11-04  frc        DELIVERED   5      2026-11-04T13:00:00Z  2              OVERDUE
2026-11-04  nt-cp      DELIVERED   5      2026-11-04T13:00:00Z  2              OVERDUE
There are more: ask for a shorter period or one authority.
Outcomes are collected for 2026-11-06 until 2026-11-04T13:00:00Z.
DELIVERED and overdue: Ask them.
`
	var got []string
	for line := range strings.SplitSeq(out.String(), "\n") {
		got = append(got, strings.TrimRight(line, " "))
	}
	if err != nil || strings.Join(got, "\n") != want {
		t.Errorf("%v\n%s", err, out.String())
	}
}
