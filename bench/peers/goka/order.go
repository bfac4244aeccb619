package main

import "encoding/json"

// The rules and sums of bench/counting/orders.ts.
type Order struct {
	Customer    *string `json:"customer"`
	AmountCents *int64  `json:"amountCents"`
	PlacedAt    *int64  `json:"placedAt"`
}

type Summary struct {
	Count  int64 `json:"count"`
	Sum    int64 `json:"sum"`
	Min    int64 `json:"min"`
	Max    int64 `json:"max"`
	LastAt int64 `json:"lastAt"`
}

// A valid order, or nil. Text and fractions are no integers for the decoder either.
func readOrder(value []byte) *Order {
	var order Order
	if json.Unmarshal(value, &order) != nil || order.Customer == nil || order.AmountCents == nil || order.PlacedAt == nil {
		return nil
	}
	if length := len([]rune(*order.Customer)); length < 1 || length > 64 {
		return nil
	}
	if *order.AmountCents < 1 || *order.AmountCents > 1_000_000_000 || *order.PlacedAt < 1 {
		return nil
	}
	return &order
}

// The summary with one order more; nil: it is the first.
func (summary *Summary) with(order *Order) *Summary {
	amount, placedAt := *order.AmountCents, *order.PlacedAt
	if summary == nil {
		return &Summary{Count: 1, Sum: amount, Min: amount, Max: amount, LastAt: placedAt}
	}
	return &Summary{
		Count:  summary.Count + 1,
		Sum:    summary.Sum + amount,
		Min:    min(summary.Min, amount),
		Max:    max(summary.Max, amount),
		LastAt: max(summary.LastAt, placedAt),
	}
}

type summaryCodec struct{}

func (summaryCodec) Encode(value interface{}) ([]byte, error) { return json.Marshal(value) }

func (summaryCodec) Decode(data []byte) (interface{}, error) {
	var summary Summary
	return &summary, json.Unmarshal(data, &summary)
}
