/** A form made from a declaration of settings: the same declaration checks recipes and writes the documentation. */
import type { SettingDeclaration, SettingsDeclaration, SettingValues } from '../../workers/protocol';
import { ChoiceInput, NumberInput, SwitchInput } from './fields';

interface SettingsFormProps {
  readonly settings: SettingsDeclaration;
  readonly values: SettingValues;
  readonly onChange: (name: string, value: number | string | boolean) => void;
}

export function SettingsForm({ settings, values, onChange }: SettingsFormProps) {
  return Object.entries(settings).map(([name, setting]) => (
    <SettingInput
      key={name}
      setting={setting}
      value={values[name] ?? setting.default}
      onChange={(value) => onChange(name, value)}
    />
  ));
}

interface SettingInputProps {
  readonly setting: SettingDeclaration;
  readonly value: number | string | boolean;
  readonly onChange: (value: number | string | boolean) => void;
}

function SettingInput({ setting, value, onChange }: SettingInputProps) {
  const { label, explain } = setting;
  switch (setting.kind) {
    case 'number':
      return (
        <NumberInput
          label={label}
          explain={explain}
          value={typeof value === 'number' ? value : setting.default}
          min={setting.min}
          max={setting.max}
          step={setting.step}
          onChange={onChange}
        />
      );
    case 'choice':
      return (
        <ChoiceInput
          label={label}
          explain={explain}
          value={typeof value === 'string' ? value : setting.default}
          options={setting.options}
          onChange={onChange}
        />
      );
    case 'switch':
      return <SwitchInput label={label} explain={explain} value={value === true} onChange={onChange} />;
  }
}
