package register

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// PeriodEnd returns the last day of a period of so many months (1 or more) from
// the start day on, as the Acts Interpretation Act 1901, s 2G counts: the day
// before the corresponding day, or the last day of the final month where that
// month has no such day. 15 Jan + 3 is 14 Apr, 31 Aug + 6 is 28 or 29 Feb,
// 1 Dec + 12 is 30 Nov.
func PeriodEnd(start calendar.Date, months int) calendar.Date {
	index := start.Year()*12 + int(start.Month()) - 1 + months
	year, month := index/12, time.Month(index%12+1)
	first := calendar.DateOf(year, month, 1)
	nextYear, nextMonth := year, month+1
	if nextMonth > time.December {
		nextYear, nextMonth = year+1, time.January
	}
	days := int(calendar.DateOf(nextYear, nextMonth, 1)) - int(first)
	if start.Day() > days {
		return first.Add(days - 1)
	}
	return first.Add(start.Day() - 2)
}
