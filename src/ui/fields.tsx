/** Form fields of the studio: a number with its range, one of a few, yes or no. Each explains itself in one line. */
import { useId, type ReactNode } from 'react';
import { Button, Checkbox, Group, Input, Label, NumberField, Text } from 'react-aria-components';
import styles from './fields.module.css';

interface NumberInputProps {
  readonly label: string;
  readonly explain?: string | undefined;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly format?: Intl.NumberFormatOptions;
  readonly onChange: (value: number) => void;
}

/** The value is taken when the field is left, on Enter, and with its buttons. */
export function NumberInput({ label, explain, value, min, max, step, format, onChange }: NumberInputProps) {
  return (
    <NumberField
      className={styles.field ?? ''}
      value={value}
      minValue={min}
      maxValue={max}
      step={step}
      formatOptions={format ?? { maximumFractionDigits: 6 }}
      onChange={(next) => {
        if (Number.isFinite(next) && next !== value) onChange(next);
      }}
    >
      <Label className={styles.label ?? ''}>{label}</Label>
      <Group className={styles.number ?? ''}>
        <Button slot="decrement">−</Button>
        <Input />
        <Button slot="increment">+</Button>
      </Group>
      <Explanation>{explain}</Explanation>
    </NumberField>
  );
}

interface ChoiceInputProps<T extends string> {
  readonly label: string;
  readonly explain?: string | undefined;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

export function ChoiceInput<T extends string>({ label, explain, value, options, onChange }: ChoiceInputProps<T>) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className={styles.select}
        aria-describedby={explain === undefined ? undefined : `${id}-explain`}
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {explain === undefined ? null : (
        <span id={`${id}-explain`} className={styles.explain}>
          {explain}
        </span>
      )}
    </div>
  );
}

interface SwitchInputProps {
  readonly label: string;
  readonly explain?: string | undefined;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}

export function SwitchInput({ label, explain, value, onChange }: SwitchInputProps) {
  return (
    <div className={styles.field}>
      <Checkbox className={styles.check ?? ''} isSelected={value} onChange={onChange}>
        <i aria-hidden="true" />
        {label}
      </Checkbox>
      {explain === undefined ? null : <span className={styles.explain}>{explain}</span>}
    </div>
  );
}

function Explanation({ children }: { readonly children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <Text slot="description" className={styles.explain ?? ''}>
      {children}
    </Text>
  );
}
